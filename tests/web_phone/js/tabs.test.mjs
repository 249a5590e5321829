// Two tabs of one browser that were opened with the same code.  Node has BroadcastChannel.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Tabs } from "../../../web_phone/ui/tabs.js";

const ADDRESS = "https://relay.example/#123";

function tab() {
  const state = { isBusy: false, told: 0 };
  const tabs = new Tabs(() => state.isBusy, () => (state.told += 1));
  return { state, tabs, close: () => tabs._channel.close() };
}

test("the first tab goes on, the second gives way and the first is told", async () => {
  const [first, second, other] = [tab(), tab(), tab()];
  assert.equal(await first.tabs.claim(ADDRESS), true);
  first.state.isBusy = true;
  assert.equal(await second.tabs.claim(ADDRESS), false);
  assert.equal(first.state.told, 1);
  assert.equal(await other.tabs.claim(`${ADDRESS}4`), true);
  assert.equal(first.state.told, 1);
  first.state.isBusy = false; // it has ended
  assert.equal(await second.tabs.claim(ADDRESS), true);
  for (const each of [first, second, other]) each.close();
});

test("what the tabs say does not tell the code", async () => {
  const heard = [];
  const ear = new BroadcastChannel("certrelay");
  ear.onmessage = ({ data }) => heard.push(JSON.stringify(data));
  const [first, second] = [tab(), tab()];
  first.state.isBusy = true;
  first.tabs._own = "";
  await second.tabs.claim(ADDRESS);
  assert.equal(heard.length, 1);
  assert.ok(!heard[0].includes("123"), heard[0]);
  assert.match(heard[0], /^\{"asks":"[0-9a-f]{64}"\}$/);
  for (const junk of [null, 7, "x", { asks: 7 }, { taken: null }]) ear.postMessage(junk);
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const each of [first, second]) each.close();
  ear.close();
});

test("without BroadcastChannel each tab may go on", async () => {
  const real = globalThis.BroadcastChannel;
  for (const broken of [undefined, class { constructor() { throw new Error("SecurityError"); } }]) {
    globalThis.BroadcastChannel = broken;
    assert.equal(await new Tabs(() => true, () => {}).claim(ADDRESS), true);
  }
  globalThis.BroadcastChannel = real;
});
