/** What a monitor without the embedded store answers where rollouts would be. */
import { textField } from '../fields.ts';
import { failed, type Route, route } from '../route.ts';
import { ref } from '../shapes.ts';

const WHY =
  "rollouts need the embedded store for now: set store.engine to 'embedded' (docs/many-monitors.md)";

const rollout = textField('The id of the rollout.', 100);
const target = textField('`group:NAME` or `device:NAME`.', 100);

const ABSENT = [
  ['POST', '/api/rollouts', 'startRollout', {}],
  ['GET', '/api/rollouts', 'listRollouts', {}],
  ['GET', '/api/rollouts/{rollout}', 'getRollout', { rollout }],
  ['POST', '/api/rollouts/{rollout}/halt', 'haltRollout', { rollout }],
  ['POST', '/api/rollouts/{rollout}/resume', 'resumeRollout', { rollout }],
  ['GET', '/api/configurations', 'listConfigurations', {}],
  ['GET', '/api/configurations/{target}', 'getConfiguration', { target }],
  ['GET', '/api/configurations/{target}/devices', 'listConfigurationDevices', { target }],
] as const;

export function absentRolloutRoutes(): readonly Route[] {
  return ABSENT.map(([method, path, id, params]) =>
    route({
      ...{ method, path, id, params },
      summary: 'Not over Redis: rollouts need the embedded store.',
      answers: { 501: { doc: 'Always.', schema: ref('Error') } },
      handle: () => failed(501, 'ROLLOUTS_NEED_EMBEDDED_STORE', WHY),
    }),
  );
}
