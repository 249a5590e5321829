// The oldest browsers that the page is written for; index.html names them to older ones.
export const FLOOR = ["chrome80", "firefox78", "ios14", "safari14"];

/** esbuild gives up on destructuring below Safari 14.1 for a rare case that is not used here. */
export const SUPPORTED = { destructuring: true };
