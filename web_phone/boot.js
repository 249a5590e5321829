/* The first thing that runs, before anything else is fetched: takes the secret out of the
   address bar, and says so where this browser is too old for the rest.

   Plain old script on purpose: it must work where modules do not. */
(function () {
  "use strict";
  var MARK = "certrelay";

  /* The address as it was scanned; given out once, then forgotten. */
  var scanned = null;
  var listener = null;

  function takeAddress() {
    var hash = location.hash;
    if (hash.length < 2) return false;
    scanned = location.href;
    /* The mark survives a reload, and tells it from a page that was opened by hand. */
    history.replaceState(MARK, "", location.pathname + location.search);
    return true;
  }

  var wasScannedBefore = history.state === MARK;
  takeAddress();

  window.certrelayBoot = {
    isReload: wasScannedBefore,
    takeAddress: function () {
      var address = scanned;
      scanned = null;
      return address;
    },
    onScan: function (callback) {
      listener = callback;
    },
    hasStarted: false,
  };

  /* Scanned again while the page is open: some browsers only change the fragment. */
  addEventListener("hashchange", function () {
    if (takeAddress() && listener) listener();
  });

  /* Modules have run by now, or never will. */
  addEventListener("load", function () {
    var old = document.getElementById("too-old");
    if (!window.certrelayBoot.hasStarted && old) old.hidden = false;
  });
})();
