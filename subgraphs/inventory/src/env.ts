import { ownProcess, parseEnv, verifyingProcess } from '@storegraph/server';

/** The settings of an inventory subgraph in a process of its own. */
export const readEnv = () => parseEnv(verifyingProcess(ownProcess(4_002)), process.env);
