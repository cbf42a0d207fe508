/** Devices: lists of them, and one in full. */
import { deviceField, limitField, stateField } from '../fields.ts';
import { deviceJson, transitionJson } from '../json.ts';
import { failed, type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, list, named, ref, whole } from '../shapes.ts';

const SHOWN_TRANSITIONS = 50;

export function deviceRoutes({ fleet }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/devices',
      id: 'listDevices',
      summary: 'Devices with their facts, deadlines and vitals.',
      query: { state: stateField, limit: limitField },
      answers: {
        200: {
          doc: 'The devices.',
          schema: fixed({ total: whole, counts: named(whole), devices: list(ref('Device')) }),
        },
      },
      async handle({ query: { state, limit } }) {
        const counts = fleet.counts();
        const total =
          state === null ? Object.values(counts).reduce((sum, count) => sum + count) : counts[state];
        const devices = (await fleet.devices(state, limit)).map(deviceJson);
        return ok({ total, counts, devices });
      },
    }),
    route({
      method: 'GET',
      path: '/api/devices/{device}',
      id: 'getDevice',
      summary: 'One device with its last transitions.',
      params: { device: deviceField },
      answers: {
        200: { doc: 'The device.', schema: ref('DeviceDetail') },
        404: { doc: 'It was never heard.', schema: ref('Error') },
      },
      async handle({ params: { device } }) {
        const view = await fleet.device(device);
        if (view === undefined) return failed(404, 'UNKNOWN_DEVICE', `no device ${device} was ever heard`);
        const transitions = await fleet.transitions(device, SHOWN_TRANSITIONS);
        return ok({ ...deviceJson(view), transitions: transitions.map(transitionJson) });
      },
    }),
  ];
}
