import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpenNotice } from '../../../../monitor/io/stores/redis/notice-reads.ts';
import { adoptedNotice, type NoticeRecord } from '../../../../monitor/policy/notice-book.ts';
import { OpenNotices } from '../../../../monitor/shared/open-notices.ts';
import { partitionOf } from '../../../../monitor/shared/policy/partitions.ts';
import { alertOf, incidentOf } from '../io/samples.ts';

const PARTITIONS = 2;
const SINK = 'alertmanager';

const noticeOf = (device: string, sinks: readonly string[] = [SINK]): NoticeRecord =>
  adoptedNotice(alertOf(device, 1), sinks, 'critical');
const incidentNotice: NoticeRecord = {
  ...noticeOf('x'),
  id: 'i1',
  notice: { kind: 'incident', incident: incidentOf('i1') },
};

/** The store's notices by partition, and those of incidents. */
function noticesOver(records: readonly NoticeRecord[], incidents: NoticeRecord[] = []) {
  const open = [...records];
  const asked: number[] = [];
  let isKeeper = false;
  const deviceOf = ({ notice }: NoticeRecord): string => (notice.kind === 'alert' ? notice.alert.device : '');
  const inPartition = (at: number): NoticeRecord[] =>
    open.filter((record) => partitionOf(deviceOf(record), PARTITIONS) === at);
  const notices = new OpenNotices({
    partitions: Array.from({ length: PARTITIONS }, (_, at) => ({
      async *all(): AsyncGenerator<readonly OpenNotice[]> {
        asked.push(at);
        for (const record of inPartition(at)) yield [{ device: deviceOf(record), text: '', record }];
      },
      async stillOpen(wanted: readonly NoticeRecord[]) {
        const ids = inPartition(at).map(({ id }) => id);
        return wanted.flatMap(({ id }) => (ids.includes(id) ? [id] : []));
      },
    })),
    incidents: { openNotices: async () => incidents },
    isKeeper: () => isKeeper,
  });
  const told = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { id } of notices.toldTo(SINK)) found.push(id);
    return found.sort();
  };
  const keep = (keeps: boolean): void => {
    isKeeper = keeps;
  };
  return { notices, open, incidents, asked, told, keep };
}

/** A device of each partition. */
const [FIRST = '', SECOND = ''] = [0, 1].map(
  (at) => ['a', 'b', 'c', 'd', 'e'].find((name) => partitionOf(name, PARTITIONS) === at) ?? '',
);

describe('the open notices that one of many monitors speaks for', () => {
  it('are those of the partitions whose turn it has, and no others', async () => {
    const { notices, asked, told } = noticesOver([noticeOf(FIRST), noticeOf(SECOND)]);
    assert.deepEqual(await told(), []);
    notices.turn(1, true);
    assert.deepEqual(await told(), [`${SECOND}:1`]);
    notices.turn(0, true);
    notices.turn(1, false);
    assert.deepEqual([await told(), asked], [[`${FIRST}:1`], [1, 0]]);
  });

  it('are those of incidents while it keeps them', async () => {
    const { notices, told, keep } = noticesOver([], [incidentNotice]);
    assert.deepEqual(await told(), []);
    keep(true);
    assert.deepEqual(await told(), ['i1']);
    assert.deepEqual(await notices.stillOpen([incidentNotice]), [incidentNotice]);
    keep(false);
    assert.deepEqual(await notices.stillOpen([incidentNotice]), []);
  });

  it('leave out whom the sink was not told of: held by a silence, or routed elsewhere', async () => {
    const { notices, told } = noticesOver([noticeOf(FIRST, ['log']), noticeOf(SECOND, [])]);
    for (const partition of [0, 1]) notices.turn(partition, true);
    assert.deepEqual(await told(), []);
  });

  it('are open no more when they are over, or when the turn has gone to another', async () => {
    const { notices, open, incidents, keep } = noticesOver(
      [noticeOf(FIRST), noticeOf(SECOND)],
      [incidentNotice],
    );
    keep(true);
    for (const partition of [0, 1]) notices.turn(partition, true);
    const seen = [...open, incidentNotice];
    assert.deepEqual(await notices.stillOpen(seen), seen);
    open.shift();
    incidents.pop();
    assert.deepEqual(await notices.stillOpen(seen), [seen[1]]);
    notices.turn(1, false);
    assert.deepEqual(await notices.stillOpen(seen), []);
  });
});
