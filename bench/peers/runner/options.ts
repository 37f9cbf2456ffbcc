import { parseArgs } from 'node:util';
import { InputError } from '../../../src/core/errors';
import { PEERS, type PeerName } from '../libraries/registry';

export const HELP = `npm start -- [options]

Trains the same small model in Ropewalk and in other libraries, in the same browser on the same adapter, and times a step.

  --lengths LIST    row lengths in tokens; default 256,512,1024,2048,4096
  --peers LIST      of ${otherPeers().join(', ')}; default all
  --steps N         timed steps of each library at each length, in turn; default 5
  --budget SECONDS  no further round of timed steps begins at a length after this, once two are done; default 60
  --limit SECONDS   longest step; a library that takes longer is given up, also at greater lengths; default 60
  --adapter NAME    swiftshader or hardware; default hardware where there is one
  --out FILE        writes everything as JSON
`;

/** Rounds that are made whatever the budget: a median of one is none. */
export const LEAST_ROUNDS = 2;

export interface Options {
  /** Ascending: who fails at one is not tried at the next. */
  lengths: number[];
  /** Ropewalk first: the others are compared with it. */
  peers: PeerName[];
  rounds: number;
  budgetMs: number;
  limitMs: number;
  adapter: 'swiftshader' | 'hardware' | undefined;
  out: string | undefined;
}

/** @returns undefined where help was asked for. @throws InputError */
export function parseOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      lengths: { type: 'string', default: '256,512,1024,2048,4096' },
      peers: { type: 'string', default: otherPeers().join(',') },
      steps: { type: 'string', default: '5' },
      budget: { type: 'string', default: '60' },
      limit: { type: 'string', default: '60' },
      adapter: { type: 'string' },
      out: { type: 'string' },
    },
  });
  if (values.help) return undefined;
  const { adapter } = values;
  if (adapter !== undefined && adapter !== 'swiftshader' && adapter !== 'hardware')
    throw new InputError('--adapter', 'swiftshader or hardware', adapter, 'leave it out to take hardware where there is one');
  return {
    lengths: values.lengths
      .split(',')
      .map((text) => whole('--lengths', text, 2))
      .sort((a, b) => a - b),
    peers: ['Ropewalk', ...values.peers.split(',').filter(Boolean).map(peerName)],
    rounds: whole('--steps', values.steps, LEAST_ROUNDS),
    budgetMs: 1000 * whole('--budget', values.budget, 0),
    limitMs: 1000 * whole('--limit', values.limit, 1),
    adapter,
    out: values.out,
  };
}

function otherPeers(): PeerName[] {
  return (Object.keys(PEERS) as PeerName[]).filter((name) => name !== 'Ropewalk');
}

function peerName(text: string): PeerName {
  const peer = otherPeers().find((name) => name.toLowerCase() === text.toLowerCase());
  if (!peer) throw new InputError('--peers', `names of ${otherPeers().join(', ')}`, text, 'Ropewalk itself always runs');
  return peer;
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new InputError(option, `a whole number of at least ${least}`, text, 'run npm start -- --help');
  return value;
}
