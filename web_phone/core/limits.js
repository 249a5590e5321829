// The numbers of certrelay/limits.py that the page needs; a test holds the two together.
// Names end in their unit: _BYTES, _S (seconds).  Reasons stand in limits.py.

export const MAX_CONTROL_BYTES = 1024;
export const MAX_INTEGER = 2 ** 53 - 1;
export const MAX_JSON_DEPTH = 32;
export const MAX_VERSION_TEXT = 32;
export const SESSION_S = 600;
export const GRACE_S = 60;
export const UNCLAIMED_S = 120;
export const HANDSHAKE_S = 30;
export const NUMBER_S = 120;
export const SAVE_QUESTION_S = 120;
export const CLOSE_WAIT_S = 5;
export const HANDSHAKE_REPEAT_S = 3;
export const JOIN_RETRY_S = 2;
export const FRAME_REPEAT_S = [3, 6, 12, 15];
export const RECONNECT_S = [1, 2];
export const NUMBER_TRIES = 3;
export const NUMBER_DIGITS = 6;
export const PASSWORD_TRIES = 5;
export const HELLO_BYTES = 512;
export const MAX_NAME_BYTES = 64;
export const WINDOW_FRAMES = 8;
export const MAX_SEQ = 2 ** 32 - 1;
export const SMALL_PAYLOAD_BYTES = 1024;
export const LARGE_PAYLOAD_BYTES = 16640;
export const CHUNK_BYTES = 16384;
export const MAX_FILE_BYTES = 64 * 1024;
export const MAX_ITEMS = 20;
export const MAX_BUNDLE_BYTES = 1024 * 1024;
export const MAX_KDF_ITERATIONS = 5000000;
export const MAX_KDF_WORK = 10000000;
export const KDF_S = 20;
export const MAX_NAME_COMPONENT_BYTES = 180;
export const RENEWAL_DAYS = 30;
export const MAX_SHOWN_CELLS = 64;
