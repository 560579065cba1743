import { expect } from 'chai';
import { DURABLE_SETTINGS } from '../../../lib/broker/jetstream/provisioning/durable-settings.js';
import { judge } from '../../../lib/broker/jetstream/provisioning/settings.js';
import { SettingsCheck } from '../../../lib/broker/jetstream/provisioning/settings-check.js';
import type { StreamInfo } from '../../../lib/broker/jetstream/provisioning/stream-config.js';
import { STREAM_SETTINGS } from '../../../lib/broker/jetstream/provisioning/stream-settings.js';
import { overlaps } from '../../../lib/broker/jetstream/wire/subjects.js';
import { recordLog } from '../../support/bus.js';
import { DURABLE, deadLetters, durableInfo, SHOP, streamInfo } from './settings-setup.js';

type Config = Record<string, unknown>;

/** `<verdict> <field>` of all that is found, of a stream as the server has it but for `config`. */
const ofStream = (config: Config, spec = SHOP, made = spec) =>
  judge(STREAM_SETTINGS, streamInfo(made, config).config, spec).findings.map(
    ({ verdict, field }) => `${verdict} ${field}`,
  );

const ofDurable = (config: Config, spec = DURABLE, stream: Config = {}) =>
  judge(DURABLE_SETTINGS, durableInfo(config).config, {
    spec,
    durable: durableInfo(config).config,
    stream: streamInfo(SHOP, stream).config,
  }).findings.map(({ verdict, field }) => `${verdict} ${field}`);

describe('the settings of a stream', () => {
  it('are all known, of servers from 2.9 to 2.15', () => {
    // As nats-server names them in its StreamConfig.
    const fields =
      'name description subjects retention max_consumers max_msgs max_bytes max_age max_msgs_per_subject max_msg_size discard ' +
      'storage num_replicas no_ack template_owner duplicate_window placement mirror sources compression first_seq subject_transform ' +
      'republish allow_direct mirror_direct discard_new_per_subject sealed deny_delete deny_purge allow_rollup_hdrs consumer_limits ' +
      'allow_msg_ttl subject_delete_marker_ttl allow_msg_counter allow_atomic allow_msg_schedules persist_mode allow_batched metadata';
    expect(Object.keys(STREAM_SETTINGS)).to.have.members(fields.split(' '));
  });

  it('raise nothing as they are made, nor by what does no harm', () => {
    expect(ofStream({})).to.deep.equal([]);
    const harmless = { description: 'x', metadata: { a: 'b' }, compression: 's2', first_seq: 7, allow_direct: true };
    expect(ofStream({ ...harmless, consumer_limits: {}, sources: [], allow_atomic: true })).to.deep.equal([]);
  });

  const streams: [finding: string, config: Config][] = [
    ['refuse mirror', { mirror: { name: 'other' } }],
    ['refuse subjects', { subjects: ['other.*'] }],
    ['refuse retention', { retention: 'interest' }],
    ['refuse no_ack', { no_ack: true }],
    ['refuse sealed', { sealed: true }],
    ['refuse allow_msg_counter', { allow_msg_counter: true }],
    ['refuse subject_transform', { subject_transform: { src: '>', dest: 'x.>' } }],
    ['refuse subject_transform', { subject_transform: { src: '', dest: 'x.>' } }],
    ['refuse subject_transform', { subject_transform: { src: 'lightbus.*.order_placed', dest: 'x' } }],
    ['warn republish', { republish: { src: '>', dest: 'copies.>' } }],
    ['warn sources', { sources: [{ name: 'other' }] }],
    ['warn storage', { storage: 'memory' }],
    ['warn discard', { discard: 'new' }],
    ['warn max_age', { max_age: 1_000_000_000 }],
    ['warn max_msgs', { max_msgs: 10 }],
    ['warn max_bytes', { max_bytes: 10 }],
    ['warn duplicate_window', { duplicate_window: 1_000_000_000 }],
    ['warn max_msgs_per_subject', { max_msgs_per_subject: 1 }],
    ['warn discard_new_per_subject', { discard_new_per_subject: true }],
    ['warn max_msg_size', { max_msg_size: 100 }],
    ['warn max_consumers', { max_consumers: 1 }],
    ['warn consumer_limits', { consumer_limits: { max_ack_pending: 5 } }],
    ['warn allow_rollup_hdrs', { allow_rollup_hdrs: true }],
    ['warn allow_msg_ttl', { allow_msg_ttl: true }],
    ['warn subject_delete_marker_ttl', { subject_delete_marker_ttl: 1 }],
    ['warn allow_msg_schedules', { allow_msg_schedules: true }],
    ['warn persist_mode', { persist_mode: 'async' }],
  ];
  for (const [finding, config] of streams) {
    it(`${finding}: ${JSON.stringify(config)}`, () => expect(ofStream(config)).to.deep.equal([finding]));
  }

  it('are compared with what is configured, by who makes the stream', () => {
    const config = { ...SHOP.config, replicas: 3, appendOnly: true, placement: { cluster: 'west', tags: ['b', 'a'] } };
    const spec = { ...SHOP, config };
    const found = ['warn num_replicas', 'warn placement', 'warn deny_delete', 'warn deny_purge'];
    expect(ofStream({}, spec, SHOP)).to.deep.equal(found);
    const placement = { cluster: 'west', tags: ['a', 'b'] };
    expect(ofStream({ num_replicas: 3, deny_delete: true, deny_purge: true, placement }, spec)).to.deep.equal([]);
    expect(ofStream({ max_msgs: 10 }, { ...spec, owned: false }), 'a listener has no say').to.deep.equal([]);
  });

  it('that only hinder firing are warnings for who only listens', () => {
    const listener = { ...SHOP, owned: false };
    expect(ofStream({ no_ack: true, sealed: true }, listener)).to.deep.equal(['warn no_ack', 'warn sealed']);
  });

  it('that show or relabel events of other services are refused of dead letters and replays', () => {
    for (const config of [
      { republish: { src: '>', dest: 'x.>' } },
      { sources: [{ name: 'x' }] },
      { mirror: { name: 'x' } },
      { subject_transform: { src: '>', dest: 'x.>' } },
    ])
      expect(ofStream(config, deadLetters())).to.deep.equal([`refuse ${Object.keys(config)[0]}`]);
    expect(ofStream({ discard: 'old' }, deadLetters())).to.deep.equal(['warn discard']);
  });

  it('of a part of a wider stream that is not ours may rename what they like', () => {
    const config = { subjects: ['lightbus.>', 'x.*'], subject_transform: { src: 'x.*', dest: 'lightbus.x' } };
    expect(ofStream(config)).to.deep.equal([]);
  });

  it('that nobody here knows are named once, and those that are off are not', () => {
    const log = recordLog();
    const check = new SettingsCheck(log);
    const info = streamInfo(SHOP, { allow_miracles: true, wonders: { many: 1 }, off: false, none: 0, empty: {} });
    for (let look = 0; look < 3; look++) check.stream(SHOP, info);
    expect(log.entries.map(({ level, message }) => [level, message])).to.deep.equal([
      [
        'warn',
        'The stream lightbus-shop has settings that this version does not know: allow_miracles, wonders; see what they do to events',
      ],
    ]);
  });

  it('that are refused are named with purpose, effect and remedy', () => {
    const check = new SettingsCheck(recordLog());
    expect(() => check.stream(SHOP, streamInfo(SHOP, { no_ack: true })))
      .to.throw(
        'The stream lightbus-shop of API "shop" has no_ack true: the server answers no publish, so nobody knows whether an event is stored; take it off the stream ("nats stream edit")',
      )
      .with.property('code', 'StreamConflict');
    expect(() => check.stream(SHOP, streamInfo(SHOP, { no_ack: true }), 'read'), 'may be read').not.to.throw();
  });
});

describe('the settings of a durable', () => {
  it('are all known, of servers from 2.9 to 2.15', () => {
    // As nats-server names them in its ConsumerConfig.
    const fields =
      'durable_name name description deliver_policy opt_start_seq opt_start_time ack_policy ack_wait max_deliver backoff ' +
      'filter_subject filter_subjects replay_policy rate_limit_bps sample_freq max_waiting max_ack_pending flow_control headers_only ' +
      'max_batch max_expires max_bytes deliver_subject deliver_group idle_heartbeat inactive_threshold num_replicas mem_storage ' +
      'direct sourcing metadata pause_until priority_groups priority_policy priority_timeout';
    expect(Object.keys(DURABLE_SETTINGS)).to.have.members(fields.split(' '));
  });

  it('raise nothing as they are made, nor by what does no harm', () => {
    expect(ofDurable({})).to.deep.equal([]);
    const filter = { filter_subject: undefined, filter_subjects: [DURABLE.filterSubject] };
    const harmless = {
      sample_freq: '100',
      description: 'x',
      metadata: { a: 'b' },
      deliver_policy: 'all',
      max_bytes: 100,
    };
    expect(ofDurable({ ...filter, ...harmless, pause_until: '2020-01-01T00:00:00Z' })).to.deep.equal([]);
  });

  const durables: [finding: string, config: Config][] = [
    ['refuse durable_name', { durable_name: undefined }],
    ['refuse deliver_subject', { deliver_subject: 'somewhere' }],
    ['refuse ack_policy', { ack_policy: 'none' }],
    ['refuse filter_subject', { filter_subject: undefined }],
    ['refuse filter_subject', { filter_subject: 'lightbus.shop.*' }],
    ['refuse filter_subjects', { filter_subject: undefined, filter_subjects: [DURABLE.filterSubject, 'x'] }],
    ['refuse headers_only', { headers_only: true }],
    ['refuse max_deliver', { max_deliver: 2 }],
    ['refuse backoff', { backoff: [1_000_000_000] }],
    ['refuse priority_groups', { priority_groups: ['a'] }],
    ['refuse priority_policy', { priority_policy: 'overflow' }],
    ['adapt ack_wait', { ack_wait: 5_000_000_000 }],
    ['adapt max_batch', { max_batch: 5 }],
    ['adapt max_expires', { max_expires: 5_000_000_000 }],
    ['warn max_ack_pending', { max_ack_pending: 5 }],
    ['warn max_waiting', { max_waiting: 1 }],
    ['warn replay_policy', { replay_policy: 'original' }],
    ['warn inactive_threshold', { inactive_threshold: 5_000_000_000 }],
    ['warn pause_until', { pause_until: '2999-01-01T00:00:00Z' }],
    ['warn mem_storage', { mem_storage: true }],
  ];
  for (const [finding, config] of durables) {
    it(`${finding}: ${JSON.stringify(config)}`, () => expect(ofDurable(config)).to.deep.equal([finding]));
  }

  it('may have fewer copies than the stream only with a warning', () => {
    expect(ofDurable({ num_replicas: 1 }, DURABLE, { num_replicas: 3 })).to.deep.equal(['warn num_replicas']);
    expect(ofDurable({ num_replicas: 3 }, DURABLE, { num_replicas: 3 })).to.deep.equal([]);
    expect(ofDurable({ mem_storage: true }, DURABLE, { storage: 'memory' })).to.deep.equal([]);
  });

  it('are refused by name, effect and remedy', () => {
    const check = new SettingsCheck(recordLog());
    expect(() => check.durable(DURABLE, durableInfo({ max_deliver: 2 }), streamInfo(SHOP) as StreamInfo))
      .to.throw(
        /^The durable watch on stream lightbus-shop has max_deliver 2: after so many deliveries .+; set it to -1 .+ maxAttempts/,
      )
      .with.property('code', 'DurableConflict');
  });
});

describe('two patterns of subjects', () => {
  const pairs: [string, string, boolean][] = [
    ['>', 'a.b', true],
    ['a.*', '*.b', true],
    ['a.>', 'a', false],
    ['a.b.c', 'a.*', false],
    ['a.b', 'a.c', false],
    ['a.*.c', 'a.b.>', true],
  ];
  for (const [one, other, expected] of pairs) {
    it(`${one} and ${other} ${expected ? 'overlap' : 'have nothing in common'}`, () => {
      expect([overlaps(one, other), overlaps(other, one)]).to.deep.equal([expected, expected]);
    });
  }
});
