import { ownProcess, parseEnv, verifyingProcess } from '@storegraph/server';

/** The settings of a product subgraph in a process of its own. */
export const readEnv = () => parseEnv(verifyingProcess(ownProcess(4_001)), process.env);
