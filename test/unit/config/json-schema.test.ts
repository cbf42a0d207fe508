import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchema } from '../../../config/json-schema.ts';
import { AGENT_KEYS } from '../../../config/load.ts';
import { agentSchema } from '../../../config/schema/agent.ts';
import { readValue } from '../../../config/schema/formats.ts';
import type { SchemaTree } from '../../../config/schema/item.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean;
  readonly description?: string;
  readonly default?: unknown;
  readonly writeOnly?: boolean;
  readonly type?: string;
  readonly items?: unknown;
  readonly maxItems?: number;
}

test('every key is described where the file has it, and nothing else is allowed', () => {
  const schema = jsonSchema('agent', agentSchema as unknown as SchemaTree) as Node;
  for (const [key, item] of AGENT_KEYS) {
    let node: Node | undefined = schema;
    for (const name of key.split('.')) {
      assert.equal(node?.additionalProperties, false, key);
      node = node?.properties?.[name];
    }
    assert.equal(node?.description, item.doc, key);
    assert.equal(node?.writeOnly === true, item.sensitive === true, key);
  }
});

test('every default is a value of its own key', () => {
  for (const [key, item] of AGENT_KEYS) assert.ok(readValue(item.default, item).ok, key);
});

test('a list of durations is described as what may stand in it', () => {
  const { path_limits: node } =
    (jsonSchema('agent', agentSchema as unknown as SchemaTree) as Node).properties ?? {};
  assert.deepEqual([node?.type, node?.maxItems, node?.default], ['array', 16, []]);
  const number = { type: 'number', minimum: 2 };
  assert.deepEqual(node?.items, {
    anyOf: [{ type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)?$' }, number],
  });
});
