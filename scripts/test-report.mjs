/** Collects what each step counted; its last printed line is `N passed, N failed`. */
export function createReport() {
  const steps = [];
  return {
    add(step) {
      steps.push(step);
      console.log(line(step));
    },
    get failed() {
      return sum(steps, 'failed');
    },
    print() {
      const totals = byGroup(steps);
      console.log('\nSummary');
      for (const step of totals) {
        console.log(line(step));
        for (const title of step.titles) console.log(`      failed: ${title}`);
      }
      console.log(`${sum(steps, 'passed')} passed, ${sum(steps, 'failed')} failed`);
    },
  };
}

/** Steps of one `group` count as one line. */
function byGroup(steps) {
  const groups = new Map();
  for (const step of steps) {
    const { group = step.title, passed, failed, skipped = 0, why, seconds = 0, titles = [] } = step;
    const sofar = groups.get(group) ?? {
      title: group,
      passed: 0,
      failed: 0,
      skipped: 0,
      seconds: 0,
      titles: [],
      whys: [],
    };
    sofar.passed += passed;
    sofar.failed += failed;
    sofar.skipped += skipped;
    sofar.seconds += seconds;
    sofar.titles.push(...titles);
    if (why) sofar.whys.push(group === step.title ? why : `${step.title}: ${why}`);
    groups.set(group, sofar);
  }
  return [...groups.values()].map((each) => ({ ...each, why: each.whys.join('; ') }));
}

function line({ title, passed, failed, skipped, why, seconds }) {
  const details = [`${passed} passed`, `${failed} failed`, skipped && `${skipped} skipped`, why]
    .filter(Boolean)
    .join(', ');
  return `  ${failed > 0 ? '✗' : '✔'} ${title}: ${details}${seconds === undefined ? '' : ` (${seconds} s)`}`;
}

function sum(steps, key) {
  return steps.reduce((total, step) => total + step[key], 0);
}
