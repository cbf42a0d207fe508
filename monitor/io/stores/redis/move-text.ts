/** What the keeper of incidents follows, as text and back; as strict as `records.ts`. */
import { DEVICE_STATES, LAPSE_CAUSES } from '../../../policy/device.ts';
import type { Happening } from '../../../policy/notice-book.ts';
import type { Placed } from '../../../policy/silence-census.ts';
import type { Move } from '../../../shared/policy/move.ts';
import { type Check, isNumber, isText, isTexts, object, oneOf, orNull, parser } from '../checks.ts';
import { isNotice } from '../notice-records.ts';
import { isDevice } from '../records.ts';

const isPlaced = object<Placed>({
  state: oneOf(DEVICE_STATES),
  stateSinceMs: isNumber,
  network: orNull(isText),
  groups: isTexts,
});

const isHappening = object<Happening>({
  event: oneOf(['opened', 'grown', 'resolved'] as const),
  notice: isNotice,
  idempotencyKey: isText,
});

const isHappenings: Check<readonly Happening[]> = (value): value is readonly Happening[] =>
  Array.isArray(value) && value.every(isHappening);

type Death = NonNullable<Move['death']>;

const isMove = object<Move>({
  device: isText,
  before: orNull(isPlaced),
  after: isPlaced,
  atMs: isNumber,
  death: orNull(object<Death>({ record: isDevice, cause: oneOf(LAPSE_CAUSES) })),
  untold: isHappenings,
});

/** The move, or null when it is damaged. Never throws. */
export const parseMove = parser(isMove);
