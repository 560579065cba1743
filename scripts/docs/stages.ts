import { STAGES } from '../../lib/delivery/scheduling/stages.js';

const SHARED = { always: 'yes', 'when-stuck': 'if something has run that long', never: 'no' };

/** The life of a delivery, as ARCHITECTURE.md shows it. */
export function stagesReference(): string {
  const rows = Object.entries(STAGES).map(([stage, { means, runs, shared, next }]) => {
    const after = next.map((each) => `\`${each}\``).join(' ') || 'none';
    return `| \`${stage}\` | ${means} | ${runs ? 'yes' : 'no'} | ${SHARED[shared]} | ${after} |`;
  });
  return `| stage | the delivery | runs | given back after a third of the lease | may become |\n|---|---|---|---|---|\n${rows.join('\n')}`;
}
