/** The version that is running. The build puts package.json's in. */
declare const KHD_VERSION: string | undefined;

/** Straight from the sources there is none. */
export const VERSION: string = typeof KHD_VERSION === 'string' ? KHD_VERSION : '0.0.0-source';
