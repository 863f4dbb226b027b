// Written so that Node 12 can read it: whoever has an old Node is told so, instead of being shown a syntax error.
var oldest = [20, 19];
var own = process.versions.node.split('.').map(Number);

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

if (own[0] < oldest[0] || (own[0] === oldest[0] && own[1] < oldest[1])) {
  stop(
    `Storegraph needs Node ${oldest.join('.')} or later and this is Node ${process.versions.node}: install a newer one from https://nodejs.org and start again.`,
  );
}

import('tsx/esm/api')
  .then(
    (tsx) => {
      tsx.register();
      return import('./src/main.ts');
    },
    (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      stop('The packages are not installed yet: run `npm ci` in this folder and start again.');
    },
  )
  .catch((error) => {
    // A half installed node_modules, as after a `git pull` that brought a new package.
    if (error.code === 'ERR_MODULE_NOT_FOUND' && /Cannot find package/.test(error.message)) {
      stop('A package is missing: run `npm ci` in this folder and start again.');
    }
    console.error(error);
    process.exit(1);
  });
