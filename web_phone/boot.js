/* The first thing that runs, before anything else is fetched: takes the secret out of the
   address bar, and says so where the rest did not start: the browser is too old for it, or a
   file did not arrive.

   Plain old script on purpose: it must work where the rest does not. It stands inside
   index.html, so that it needs no file of its own. */
(function () {
  "use strict";
  var MARK = "certrelay";

  /* The address as it was scanned; kept until the page has started, given out once. */
  var scanned = null;
  var isGiven = false;
  var hasStarted = false;
  var listener = null;

  function readAddress() {
    var hash = location.hash;
    if (hash.length < 2) return false;
    scanned = location.href;
    isGiven = false;
    /* The mark survives a reload, and tells it from a page that was opened by hand. */
    history.replaceState(MARK, "", location.pathname + location.search);
    return true;
  }

  var wasScannedBefore = history.state === MARK;
  readAddress();

  window.certrelayBoot = {
    isReload: wasScannedBefore,
    takeAddress: function () {
      var address = isGiven ? null : scanned;
      isGiven = true;
      if (hasStarted) scanned = null;
      return address;
    },
    onScan: function (callback) {
      listener = callback;
    },
    started: function () {
      hasStarted = true;
      if (isGiven) scanned = null;
    },
  };

  /* Scanned again while the page is open: some browsers only change the fragment. */
  addEventListener("hashchange", function () {
    if (readAddress() && listener) listener();
  });

  /* Everything has run by now, or never will. */
  addEventListener("load", function () {
    var notice = document.getElementById("not-started");
    if (hasStarted || !notice) return;
    notice.hidden = false;
    notice.querySelector("button").onclick = function () {
      /* Nobody has used the code yet: with it in the address, the page begins once more. */
      if (scanned) history.replaceState(null, "", scanned);
      location.reload();
    };
  });
})();
