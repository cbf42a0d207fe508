/** Every route of the API: each resource adds its own in a file of `routes/`, and one line here. */
import type { HttpParts, Route } from './route.ts';
import { alertRoutes } from './routes/alerts.ts';
import { availabilityRoutes } from './routes/availability.ts';
import { configurationRoutes } from './routes/configurations.ts';
import { deviceRoutes } from './routes/devices.ts';
import { eventRoutes } from './routes/events.ts';
import { exportRoutes } from './routes/export.ts';
import { healthRoutes } from './routes/health.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { networkRoutes } from './routes/networks.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { rolloutRoutes } from './routes/rollouts.ts';
import { absentRolloutRoutes } from './routes/rollouts-absent.ts';
import { silenceRoutes } from './routes/silences.ts';
import { sinkRoutes } from './routes/sinks.ts';
import { summaryRoutes } from './routes/summary.ts';

export function routesOf(parts: HttpParts): readonly Route[] {
  const described = [
    ...healthRoutes(parts),
    ...summaryRoutes(parts),
    ...deviceRoutes(parts),
    ...alertRoutes(parts),
    ...(parts.fleet.incidents === undefined ? [] : incidentRoutes(parts.fleet.incidents)),
    ...networkRoutes(parts),
    ...tellingRoutes(parts),
    ...configurationRoutesOf(parts),
    ...availabilityRoutes(parts),
    ...eventRoutes(parts),
    ...exportRoutes(parts),
  ];
  return [...described, ...openApiRoutes(described, parts)];
}

function configurationRoutesOf({ rollouts, fleet, now }: HttpParts): readonly Route[] {
  if (rollouts === undefined) return absentRolloutRoutes();
  return [...rolloutRoutes(rollouts, () => now().wallMs), ...configurationRoutes(rollouts, fleet)];
}

function tellingRoutes({ telling, now }: HttpParts): readonly Route[] {
  if (telling === undefined) return [];
  return [...silenceRoutes(telling, () => now().wallMs), ...sinkRoutes(telling, now)];
}
