// From the story's events to what the page shows: the same events as `certrelay --json` writes.

/** @typedef {import("./talk.js").TaskEvent} StoryEvent */
/**
 * @typedef {object} Fields a certificate, as `certrelay` describes it to scripts
 * @property {number} [number]
 * @property {string} kind
 * @property {string | null} cn
 * @property {string | null} issuer
 * @property {string | null} serial
 * @property {string | null} not_after
 * @property {string} state
 * @property {boolean} verified
 * @property {boolean} [name_taken]
 * @property {string} [refused]
 * @property {string} [file]
 */
/** @typedef {"preparing" | "working" | "choose" | "password" | "scan" | "paired" | "number" | "typing" | "moving" | "ask" | "end"} Place */

export const beginning = () => ({
  command: "import",
  /** @type {Place} */
  place: "preparing",
  /** Counts the screens, so that the same one again is a new one. */
  turn: 0,
  peer: "",
  /** The other device's step. */
  step: "",
  /** A sentence about the connection. @type {{key: string, values: Record<string, number>, kind: "warn" | "good"} | null} */
  connection: null,
  /** The QR code while it lives. @type {{rows: string[], isLocal: boolean, until: number} | null} */
  code: null,
  /** Whether the relay has no page: the code opens in apps alone. */
  appsOnly: false,
  /** The digits to type while they are good, with the address that goes with them. @type {{code: string, address: string, isNew: boolean} | null} */
  typed: null,
  /** Whether somebody has typed the last one. */
  isTyped: false,
  /** Why there are no digits to be had. */
  untyped: "",
  /** Whether the other device is a PC too. */
  isPc: false,
  /** Why there is a new code. */
  renewed: "",
  /** What the next question is about. @type {Place} */
  wanted: "working",
  /** The number of the open question. @type {number | null} */
  question: null,
  /** To choose from. @type {Fields[]} */
  choice: [],
  /** What the person has ticked of it: it outlives a change of the language. @type {Set<number>} */
  chosen: new Set(),
  /** What is sent, as far as its password has been asked. @type {Fields[]} */
  sending: [],
  /** Tries left after a wrong password or number. @type {number | null} */
  wrongLeft: null,
  number: "",
  moved: { done: 0, total: 0 },
  /** @type {Fields[]} */
  arrived: [],
  /** @type {{status: string, path: string}[]} */
  saved: [],
  /** @type {{status: string, reason: string}[]} */
  receipt: [],
  /** Sentences of the program. @type {string[]} */
  notes: [],
  /** What went wrong on the way. @type {Problem[]} */
  problems: [],
  /** How it ended. @type {Problem | "well" | null} */
  end: null,
});

/** @typedef {{code: string, key: string, details: Record<string, string>}} Problem */
/** @typedef {ReturnType<typeof beginning>} Story */

const WANTS = new Map(
  /** @type {[string, Place][]} */ ([
    ["choose", "choose"],
    ["password_wanted", "password"],
    ["number_wanted", "typing"],
    ["save_wanted", "ask"],
  ]),
);
const CONNECTION = new Map(
  /** @type {[string, [string, "warn" | "good"]][]} */ ([
    ["connection_lost", ["story.connection_lost", "warn"]],
    ["connection_back", ["story.connection_back", "good"]],
    ["peer_lost", ["story.peer_lost", "warn"]],
    ["peer_back", ["story.peer_back", "good"]],
    ["second_scan", ["story.second_scan", "warn"]],
  ]),
);
const PCS = ["windows", "macos", "linux"];
const NOTES = ["loopback", "unverified", "declined", "deleted", "renewed_since", "history_not_written", "delete_rule", "delete_later"];

/**
 * The story after one more event.
 * @param {Story} story
 * @param {StoryEvent} event
 * @param {number} now milliseconds on the page's clock
 * @returns {Story}
 */
export function after(story, event, now) {
  const wanted = WANTS.get(event.event) || story.wanted;
  const connection = CONNECTION.get(event.event);
  const next = { ...story, wanted };
  if (connection !== undefined) {
    const values = event.seconds === undefined ? {} : { seconds: event.seconds };
    // What is said of the other device depends on what it is.
    const of = event.event.startsWith("peer_") ? (story.isPc ? ".other_pc" : ".phone") : "";
    next.connection = { key: `${connection[0]}${of}`, values, kind: connection[1] };
  }
  if (NOTES.includes(event.event)) next.notes = [...story.notes, event.text];
  const changed = { ...next, ...change(story, event, now) };
  // Good news of the connection is over with the screen.
  const isOld = changed.turn !== story.turn && changed.connection === story.connection;
  if (isOld && changed.connection !== null && changed.connection.kind === "good") changed.connection = null;
  return changed;
}

/** Whether the phone has it all, and asks its person or saves. @param {Story} story */
export const isAsked = ({ place, command, step }) =>
  place === "moving" && command === "export" && (step === "asking" || step === "saving");

/** @param {Story} story @param {Place} place */
const goTo = (story, place) => ({ place, turn: story.turn + 1 });

/** @param {Story} story @param {StoryEvent} event @param {number} now @returns {Partial<Story>} */
function change(story, event, now) {
  switch (event.event) {
    case "begin":
      return { command: event.command };
    case "choose":
      return { choice: event.items };
    case "checking":
      return { sending: [...story.sending, /** @type {any} */ (event)], wrongLeft: null };
    case "password_wrong":
    case "number_wrong":
      return { wrongLeft: event.tries_left };
    case "waiting": {
      if (event.rows === undefined) return {}; // burnt since
      const code = { rows: event.rows, isLocal: event.is_local, until: now + event.left_ms };
      return { ...goTo(story, "scan"), code };
    }
    case "apps_only":
      return { appsOnly: true };
    case "burnt":
      return story.place === "scan" ? { ...goTo(story, "working"), code: null } : { code: null };
    case "code": {
      if (event.code === undefined) return {}; // withdrawn since
      const typed = { code: event.code, address: event.address, isNew: event.renewed };
      return { ...goTo(story, story.place), typed, isTyped: false, untyped: "" };
    }
    case "code_withdrawn":
      if (story.place !== "scan") return { typed: null };
      return { ...goTo(story, "scan"), typed: null, isTyped: event.why === "entered" };
    case "code_unavailable":
      return { ...goTo(story, story.place), untyped: event.why };
    case "renewed":
      return { typed: null, isTyped: false, untyped: "", renewed: event.reason, peer: "", step: "", connection: null };
    case "paired":
      return { ...goTo(story, "paired"), peer: event.peer, isPc: PCS.includes(event.platform), wrongLeft: null, connection: null };
    case "peer_step": {
      // The phone has gone back to choosing: it has no field for the number.
      const isBack = story.place === "number" && event.step === "choosing";
      const isNew = isBack || isAsked({ ...story, step: event.step });
      return { ...(isNew ? goTo(story, isBack ? "paired" : "moving") : {}), step: event.step };
    }
    case "number":
      return { ...goTo(story, "number"), number: event.number };
    case "number_matched":
      return goTo(story, "moving");
    case "progress": {
      const moved = { done: event.done, total: event.total };
      return story.place === "moving" ? { moved } : { ...goTo(story, "moving"), moved };
    }
    case "offer":
      return { ...goTo(story, "working"), arrived: event.items };
    case "ask":
      return { ...goTo(story, story.wanted), question: event.question };
    case "answered":
      if (story.question === null) return {}; // by a click here, and shown already
      return { ...goTo(story, "working"), question: null };
    case "saved":
      return { saved: [...story.saved, { status: event.status, path: event.path }] };
    case "receipt":
      return { receipt: event.items };
    case "problem":
      return { problems: [...story.problems, problemOf(event)] };
    case "end":
      return {
        ...goTo(story, "end"),
        ...{ end: event.code === undefined ? "well" : problemOf(event), step: "", connection: null },
        ...{ question: null, code: null },
      };
    default:
      return {};
  }
}

/** @param {StoryEvent} event @returns {Problem} */
const problemOf = ({ code, key, details }) => ({ code, key, details });
