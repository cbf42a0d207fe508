/** What a monitor without the embedded store answers where rollouts would be. */
import { failed, type Route, route } from '../route.ts';
import { ref } from '../shapes.ts';

const WHY =
  "rollouts need the embedded store for now: set store.engine to 'embedded' (docs/many-monitors.md)";

const ABSENT = [
  ['POST', '/api/rollouts', 'startRollout'],
  ['GET', '/api/rollouts', 'listRollouts'],
  ['GET', '/api/configurations', 'listConfigurations'],
] as const;

export function absentRolloutRoutes(): readonly Route[] {
  return ABSENT.map(([method, path, id]) =>
    route({
      ...{ method, path, id },
      summary: 'Not over Redis: rollouts need the embedded store.',
      answers: { 501: { doc: 'Always.', schema: ref('Error') } },
      handle: () => failed(501, 'ROLLOUTS_NEED_EMBEDDED_STORE', WHY),
    }),
  );
}
