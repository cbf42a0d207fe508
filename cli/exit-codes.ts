/** What the process ends with. */

export const EXIT_OK = 0;
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
/** EX_CONFIG of sysexits.h: a restart cannot help (`RestartPreventExitStatus=78`). */
export const EXIT_CONFIG = 78;
