// Plays a scenario scene by scene and says how each went. The process exits with 1 at the first scene that
// does not work, or when the browser noticed anything that must not happen: a console error or warning, a
// page error, an unexpected answer, a request that failed, a CSP violation.

export async function play(context, watch, merchant, problems, scenes) {
  const began = Date.now();
  for (const [name, scene] of scenes) {
    const at = Date.now();
    watch.scene = name;
    try {
      await scene(merchant);
      console.log(`ok    ${name} (${((Date.now() - at) / 1000).toFixed(1)} s)`);
    } catch (error) {
      problems.push(`${name}: ${error.stack ?? error}`);
      await merchant.shot(`failed-${name.replaceAll(' ', '-')}`).catch(() => undefined);
      console.log(`FAIL  ${name}`);
      break;
    }
  }
  await context.close();
  for (const p of problems) console.error(p);
  console.log(`${problems.length} problems in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
