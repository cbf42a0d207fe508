/** Keys of fleet configuration: whose documents are believed. */
import type { SchemaItem, SchemaOf } from './item.ts';

export interface FleetConfig {
  trusted_keys: readonly string[];
}

const trustedKeys = (doc: string): SchemaItem => ({
  doc,
  format: 'key_list',
  default: [],
  // Keys change by a document's own field, signed with an old one.
  pushable: false,
  env: 'KHD_FLEET_TRUSTED_KEYS',
});

export const agentFleetSchema: SchemaOf<FleetConfig> = {
  trusted_keys: trustedKeys(
    'Public keys whose signed settings this device takes, from `keepalivehd fleet keys create`; none: it takes no settings from outside.',
  ),
};

export const monitorFleetSchema: SchemaOf<FleetConfig> = {
  trusted_keys: trustedKeys(
    'Public keys that a document must be signed with to be rolled out; none: the signature is left to the devices, which check it in any case.',
  ),
};
