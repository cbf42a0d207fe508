/** Every route of the API: each resource adds its own in a file of `routes/`, and one line here. */
import type { HttpParts, Route } from './route.ts';
import { alertRoutes } from './routes/alerts.ts';
import { deviceRoutes } from './routes/devices.ts';
import { healthRoutes } from './routes/health.ts';
import { networkRoutes } from './routes/networks.ts';
import { silenceRoutes } from './routes/silences.ts';
import { sinkRoutes } from './routes/sinks.ts';

export function routesOf(parts: HttpParts): readonly Route[] {
  return [
    ...healthRoutes(parts),
    ...deviceRoutes(parts),
    ...alertRoutes(parts),
    ...networkRoutes(parts),
    ...tellingRoutes(parts),
  ];
}

function tellingRoutes({ telling, now }: HttpParts): readonly Route[] {
  if (telling === undefined) return [];
  return [...silenceRoutes(telling, () => now().wallMs), ...sinkRoutes(telling, now)];
}
