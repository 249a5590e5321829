/* Delivery of one certificate by CRP/1 (docs/protocol.md §7), for the model checker SPIN.

   Two ends with counters, window, acknowledgements and repetition; between them a network that
   cuts, loses, doubles and delays; a receiver's disk that outlasts a crash; people who try again
   by a new code.  README.md beside it says what is covered and how to run it.

   PATIENT   nobody gives up and nothing crashes: then the copy must come to its end
   BROKEN_x  one rule is left out: the checker must find what comes of it                      */

#ifndef CHUNKS
#define CHUNKS 1
#endif
#ifndef FAULTS
#define FAULTS 2                /* cuts, losses and doublings in all */
#endif
#define WINDOW 2
#define ROOM 4                  /* messages on their way in one direction */

#define OFFER 0                 /* what the sender's frames hold; CHUNKs in between */
#define END (CHUNKS + 1)
#define CLOSE (CHUNKS + 2)
#define ACCEPT 0                /* the receiver's */
#define RECEIPT 1

#ifdef PATIENT
#define SESSIONS 1
#define CRASHES 0
#else
#define SESSIONS 2
#define CRASHES 1
#endif

mtype = { frame, acknowledgement };
mtype = { running, confirmed, nothing_sent, not_confirmed, killed };

/* kind, seq, what it holds, the next seq that its end expects */
chan to_receiver = [ROOM] of { mtype, byte, byte, byte };
chan to_sender = [ROOM] of { mtype, byte, byte, byte };

/* One end: what it has sealed, what is acknowledged, what it expects; and each sealed frame as
   it was, for a repetition is the same bytes. */
typedef End {
    byte next, base, expected;
    bool again;                 /* a new connection: repeat what is unacknowledged */
    bool left;
    byte what[CLOSE + 1], carried[CLOSE + 1];
    bool used[CLOSE + 1]        /* key and nonce, in this session */
};
End s, r;
mtype outcome = running;        /* the sender's */
bool accepted, closed;
byte storing;                   /* 0 before END, 1 to store, 2 in a temporary folder, 3 stored */
byte copies;                    /* on the receiver's disk; outlasts everything */
byte sessions = 1;
bool linked = true;
byte faults = FAULTS, crashes = CRASHES;

#define finished (s.left && r.left && sessions == SESSIONS)
#define quiet (linked && empty(to_receiver) && empty(to_sender))
#define room_in(e) (!e.left && e.next - e.base < WINDOW)
#define sender_may (room_in(s) && (s.next == OFFER \
    || (s.next <= END && accepted && outcome == running) \
    || (s.next == CLOSE && outcome == confirmed)))
#ifdef BROKEN_RECEIPT_FIRST
#define receiver_may (room_in(r) && ((r.next == ACCEPT && r.expected > OFFER) \
    || (r.next == RECEIPT && storing > 0)))
#else
#define receiver_may (room_in(r) && ((r.next == ACCEPT && r.expected > OFFER) \
    || (r.next == RECEIPT && storing == 3)))
#endif

inline put(way, kind, seq, what_, next_) {
    if
    :: linked && len(way) < ROOM -> way!kind, seq, what_, next_
    :: else                     /* nobody is there, and the end may not know: it is lost */
    fi
}

inline seal(e, way, content) {
    /* One key and nonce for one plaintext, ever. */
    assert(!e.used[e.next] || e.what[e.next] == content);
    e.used[e.next] = true;
    e.what[e.next] = content;
    e.carried[e.next] = e.expected;
    put(way, frame, e.next, content, e.expected);
    e.next++
}

inline repeat(e, way) {
#ifndef BROKEN_FORGETS_TO_REPEAT
    i = e.base;
    do
    :: i < e.next -> put(way, frame, i, e.what[i], e.carried[i]); i++
    :: else -> break
    od;
    i = 0
#else
    skip
#endif
}

inline forget_message() {
    kind = 0; seq = 0; what = 0; next = 0; taken = false; owes = false
}

inline forget_until(e, next_) {
    assert(next_ <= e.next);    /* never beyond what was sent */
    if
    :: next_ > e.base -> e.base = next_
    :: else
    fi
}

/* What is owed goes out at once: by a new frame where there is one, else by itself. */
inline answer(e, way, may) {
    if
    :: owes && may -> seal(e, way, e.next)
    :: owes && !may -> put(way, acknowledgement, 0, 0, e.expected)
    :: else
    fi
}

inline come_back(e) {
#ifdef BROKEN_COUNTS_ANEW
    e.next = 0; e.base = 0;
#endif
    e.again = !e.left
}

/* Takes a message into kind, seq, what, next; sets taken if it is the next frame. */
inline take(e, way) {
    way?kind, seq, what, next;
    taken = false;
    owes = kind == frame && seq <= e.expected;
    if
    :: kind == acknowledgement -> forget_until(e, next)
    :: kind == frame && seq == e.expected ->
        forget_until(e, next); e.expected++; taken = true
#ifdef BROKEN_TAKES_TWICE
    :: kind == frame && seq < e.expected -> taken = true
#else
    :: kind == frame && seq < e.expected                    /* answered, and dropped */
#endif
    :: kind == frame && seq > e.expected                    /* dropped: it comes again */
    fi
}

active proctype Sender() {
    mtype kind; byte seq, what, next, i; bool taken, owes;
    do
    :: atomic { sender_may -> seal(s, to_receiver, s.next) }
    :: atomic { !s.left && nempty(to_sender) ->
        take(s, to_sender);
        if
        :: taken && what == ACCEPT -> accepted = true
        :: taken && what == RECEIPT && outcome == running ->
            assert(s.next > END);
            outcome = confirmed;
            assert(copies == 1)                             /* done: then it is on the disk */
        :: else
        fi;
#ifdef BROKEN_BELIEVES_ACKNOWLEDGEMENTS
        if
        :: s.base > END && outcome == running -> outcome = confirmed; assert(copies == 1)
        :: else
        fi;
#endif
        answer(s, to_receiver, sender_may);
        forget_message() }
    :: atomic { !s.left && s.again -> s.again = false; repeat(s, to_receiver) }
    :: atomic { !s.left && quiet && s.base < s.next -> repeat(s, to_receiver) }
    :: atomic { outcome == confirmed && !s.left && (s.base > CLOSE || r.left) -> s.left = true }
#ifndef PATIENT
    :: atomic { outcome == confirmed && !s.left -> s.left = true }  /* five seconds are over */
    :: atomic { outcome == running && !s.left && (!linked || r.left) ->     /* so is the grace */
        if
        :: s.next > END -> outcome = not_confirmed
        :: else -> outcome = nothing_sent; assert(storing == 0)     /* nothing: then nothing */
        fi;
        s.left = true }
    :: atomic { crashes > 0 && !s.left -> crashes--; outcome = killed; s.left = true }
#endif
    :: finished -> break
    od
}

active proctype Receiver() {
    mtype kind; byte seq, what, next, i; bool taken, owes;
    do
    :: atomic { receiver_may -> seal(r, to_sender, r.next) }
    :: atomic { !r.left && nempty(to_receiver) ->
        take(r, to_receiver);
        if
        :: taken ->
            assert(what == r.expected - 1);                 /* in order, each exactly once */
            if
            :: what == END -> storing = 1
            :: what == CLOSE -> closed = true
            :: else
            fi
        :: else
        fi;
        answer(r, to_sender, receiver_may);
        forget_message() }
    :: atomic { !r.left && r.again -> r.again = false; repeat(r, to_sender) }
    :: atomic { !r.left && quiet && r.base < r.next -> repeat(r, to_sender) }
#ifndef BROKEN_KNOWS_NO_DUPLICATE
    :: atomic { !r.left && storing == 1 && copies > 0 -> storing = 3 }      /* a duplicate */
    :: atomic { !r.left && storing == 1 && copies == 0 -> storing = 2 }     /* write, fsync */
#else
    :: atomic { !r.left && storing == 1 -> storing = 2 }
#endif
    :: atomic { !r.left && storing == 2 ->                                  /* rename, fsync */
        copies++; storing = 3; assert(copies == 1) }
    :: atomic { !r.left && (s.left || closed) -> r.left = true }
#ifndef PATIENT
    :: atomic { !r.left && !linked -> r.left = true }
    :: atomic { crashes > 0 && !r.left -> crashes--; r.left = true }
#endif
    :: finished -> break
    od
}

/* What a cut leaves on its way: any of the messages, in their order. */
inline thin_out(way) {
    n = len(way);
    do
    :: n > 0 -> way?kind, seq, what, next; n--;
        if
        :: way!kind, seq, what, next
        :: skip
        fi
    :: else -> break
    od
}

active proctype Network() {
    mtype kind; byte seq, what, next, n;
    do
    :: atomic { faults > 0 && linked -> faults--; linked = false;
        thin_out(to_receiver); thin_out(to_sender); kind = 0; seq = 0; what = 0; next = 0 }
    :: atomic { !linked -> linked = true; come_back(s); come_back(r) }
    :: atomic { faults > 0 && nempty(to_receiver) -> faults--; to_receiver?_, _, _, _ }
    :: atomic { faults > 0 && nempty(to_sender) -> faults--; to_sender?_, _, _, _ }
    :: atomic { faults > 0 && nempty(to_receiver) && len(to_receiver) < ROOM -> faults--;
        to_receiver?<kind, seq, what, next>; to_receiver!kind, seq, what, next;
        kind = 0; seq = 0; what = 0; next = 0 }
    :: finished -> break
    od
}

inline begin_anew(e) {
    e.next = 0; e.base = 0; e.expected = 0; e.again = false; e.left = false;
    i = 0;
    do
    :: i <= CLOSE -> e.what[i] = 0; e.carried[i] = 0; e.used[i] = false; i++
    :: else -> break
    od;
    i = 0
}

/* Tries again by a new code, whether it had worked or not: fresh keys, the same certificate. */
active proctype Person() {
    byte i;
    do
    :: atomic { s.left && r.left && sessions < SESSIONS ->
        sessions++;
        do
        :: nempty(to_receiver) -> to_receiver?_, _, _, _
        :: nempty(to_sender) -> to_sender?_, _, _, _
        :: empty(to_receiver) && empty(to_sender) -> break
        od;
        linked = true; outcome = running; accepted = false; closed = false; storing = 0;
        begin_anew(s); begin_anew(r) }
    :: finished -> break
    od
}

#ifdef PATIENT
ltl it_is_done { <> (outcome == confirmed && copies == 1) }
#endif
