/**
 * Another client with this device's name. Each connect of the one ends the other's connection [MQTT-3.1.4-3], and both
 * would go on for ever. MQTT 5 brokers may say so (reason code 142); many just close, as they do on a restart. Then the
 * retained status of this device tells: its epoch is none of ours.
 */
import type { CloseCause } from '../../../runtime/mqtt-session.ts';
import { isOwnEpoch } from './bounds.ts';
import { type Draft, type KeepaliveState, patch, say } from './types.ts';

export interface RivalState {
  /** Another client has shown itself, and not been quiet for long enough to be forgotten. */
  readonly known: boolean;
  /** Sessions in a row that met a status from elsewhere. */
  readonly sightings: number;
  /** `asked`: the broker is to say what it keeps as this device's status, once the next session is up. */
  readonly question: 'none' | 'asked';
  /** The end of the last link waits for the answer: what the path had to do with it depends on that. */
  readonly lessonWaits: boolean;
}

export const NO_RIVAL: RivalState = { known: false, sightings: 0, question: 'none', lessonWaits: false };

/** One may be an old status of this very device, from a broker that crashed before it kept a newer one. */
const SIGHTINGS_TO_KNOW = 2;
/** A rival with these settings comes back within `reconnect.max_delay`; one that has not for twice as long is gone. */
const FORGOTTEN_AFTER = 2;

/** What the broker meant, by closing `upForMs` after its CONNACK; and whether the next connect has to ask about it. */
export function meaningOf(draft: Draft, cause: CloseCause): CloseCause {
  forgetRival(draft);
  const { rival, reconnect } = draft.state;
  if (cause === 'taken-over') {
    meetRival(draft, 'the broker says that its session was taken over');
    return cause;
  }
  if (cause !== 'peer-closed' && cause !== 'reset') return cause;
  if (rival.known) return 'taken-over';
  const upForMs = draft.now - (reconnect.upSince ?? draft.now);
  const lasted = upForMs >= draft.config.reconnect.stableAfterSeconds * 1000;
  patch(draft, { rival: lasted ? { ...rival, sightings: 0 } : { ...rival, question: 'asked' } });
  return cause;
}

/** The broker's retained status of this device, as it was before this session said its own. */
export function onOwnStatusHeard(draft: Draft, epoch: number): void {
  const { linkEnd, rival } = draft.state;
  if (isOwnEpoch(draft.state, epoch)) return;
  const sightings = rival.sightings + 1;
  patch(draft, { rival: { ...rival, sightings } });
  if (linkEnd !== null && (linkEnd.how === 'peer-closed' || linkEnd.how === 'reset')) {
    patch(draft, { linkEnd: { ...linkEnd, how: 'taken-over' } });
  }
  if (sightings >= SIGHTINGS_TO_KNOW) meetRival(draft, 'its status at the broker is not from here');
}

/** What came before the answer to our own status was said before it: the question is answered. */
export function questionAnswered(draft: Draft): void {
  patch(draft, { rival: { ...draft.state.rival, question: 'none', lessonWaits: false } });
}

/** A connection that has lasted shows that nobody takes it over any more. */
export function forgetRival(draft: Draft): void {
  const { rival, reconnect } = draft.state;
  if (!rival.known || reconnect.upSince === null) return;
  const quietMs = FORGOTTEN_AFTER * draft.config.reconnect.maxDelaySeconds * 1000;
  if (draft.now - reconnect.upSince < quietMs) return;
  patch(draft, { rival: { ...rival, known: false, sightings: 0 } });
  say(draft, 'info', 'nameFree', 'no other client has used the name of this device for long');
}

/** Whether the session that is about to begin has to ask. */
export function asksAbout({ rival }: Pick<KeepaliveState, 'rival'>): boolean {
  return rival.question === 'asked';
}

function meetRival(draft: Draft, evidence: string): void {
  if (draft.state.rival.known) return;
  patch(draft, { rival: { ...draft.state.rival, known: true } });
  say(
    draft,
    'error',
    'nameTaken',
    'another client uses the name of this device and they throw each other out: device.name must be unique',
    { evidence },
  );
}
