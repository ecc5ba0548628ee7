package io.everstore.scaladsl.contract

import io.everstore.scaladsl.Event
import io.everstore.scaladsl.stage.StageSuite

/** What the contract asks of an adapter's endurance, through a server with its default durability. */
class LoadSuite extends StageSuite {
  private val transactions = 100000
  private val inFlight = 64

  test("100,000 transactions, 64 at a time, over 1,000 journals: each event is there exactly once") {
    withClient(Event.serializer, workers = 2) { client =>
      val load = new Load(client, "/load/", transactions, journals = 1000, throughTransactions = false)
      val began = System.nanoTime()
      await(load.run(inFlight))
      val seconds = (System.nanoTime() - began) / 1e9
      println(f"$transactions transactions, $inFlight at a time: $seconds%.1f s, ${transactions / seconds}%.0f a second")
      assertEquals(await(load.wrong()), Nil)
    }
  }
}
