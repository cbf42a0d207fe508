/** Devices: lists of them, and one in full. */
import type { DeviceState } from '../../../policy/device.ts';
import type { DeviceFilter } from '../../../policy/device-search.ts';
import { configurationJson } from '../configuration-json.ts';
import { badField, deviceField, limitField, stateField, textField } from '../fields.ts';
import { deviceJson, pastJson, transitionJson } from '../json.ts';
import { failed, type HttpParts, ok, type Route, refused, route } from '../route.ts';
import { fixed, list, named, orNull, ref, text, whole } from '../shapes.ts';

const SHOWN_TRANSITIONS = 50;
const MAX_FILTER_CHARACTERS = 200;

export const FILTERS = {
  state: stateField,
  group: textField('Only devices of this group.', MAX_FILTER_CHARACTERS),
  network: textField('Only devices in this network, by its key.', MAX_FILTER_CHARACTERS),
  q: textField('Only devices whose name holds this; capitals do not matter.', MAX_FILTER_CHARACTERS),
};

const cursorField = textField('`next` of the page before; left out: the first page.', 100);

export function deviceRoutes({ fleet, now, rollouts }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/devices',
      id: 'listDevices',
      summary: 'Devices with their facts, deadlines and vitals.',
      query: { ...FILTERS, cursor: cursorField, limit: limitField },
      answers: {
        200: {
          doc:
            'A page. `total` is null with a filter other than `state`; `next` is the cursor of the page after, and ' +
            'null with the last one. A page may be empty and not the last.',
          schema: fixed({
            total: orNull(whole),
            counts: named(whole),
            devices: list(ref('Device')),
            next: orNull(text),
          }),
        },
      },
      async handle({ query }) {
        const page = await fleet.devices(query);
        if (page === null)
          return refused(badField('cursor', query.cursor, 'the `next` of a page since the monitor started'));
        const counts = fleet.counts();
        return ok({
          total: totalOf(counts, query),
          counts,
          devices: page.devices.map(deviceJson),
          next: page.next,
        });
      },
    }),
    route({
      method: 'GET',
      path: '/api/devices/{device}',
      id: 'getDevice',
      summary: 'One device with its last transitions and its history.',
      params: { device: deviceField },
      answers: {
        200: { doc: 'The device.', schema: ref('DeviceDetail') },
        404: { doc: 'It was never heard.', schema: ref('Error') },
      },
      async handle({ params: { device } }) {
        const view = await fleet.device(device);
        if (view === undefined) return failed(404, 'UNKNOWN_DEVICE', `no device ${device} was ever heard`);
        const transitions = await fleet.transitions(device, SHOWN_TRANSITIONS);
        const { history } = fleet;
        return ok({
          ...deviceJson(view),
          transitions: transitions.map(transitionJson),
          history: history === undefined ? null : pastJson(await history.device(view, now().wallMs)),
          configuration: rollouts ? configurationJson(rollouts.rollouts.book, device, view.groups) : null,
        });
      },
    }),
  ];
}

function totalOf(
  counts: Record<DeviceState, number>,
  { state, group, network, q }: DeviceFilter,
): number | null {
  if (group !== null || network !== null || q !== null) return null;
  return state === null ? Object.values(counts).reduce((sum, count) => sum + count) : counts[state];
}
