package io.everstore.scaladsl

import io.everstore.client.exception.{TransactionEndedException, UnknownEventTypeException}
import io.everstore.scaladsl.stage.StageSuite

class TransactionSuite extends StageSuite {
  private def withUsers[A](test: EverstoreClient[UserEvent] => A): A = withClient(UserEvent.serializer)(test)

  test("it sees its journal as it was") {
    withUsers { db =>
      val first = await(db.append("/user/1", UserCreated("a"))).size
      await(db.append("/user/1", UserRenamed("b")))
      val transaction = await(db.openTransaction("/user/1"))
      await(db.append("/user/1", UserLocked))
      assertEquals(await(transaction.read()), Seq(UserCreated("a"), UserRenamed("b")))
      assertEquals(await(transaction.read(first)), Seq(UserRenamed("b")))
      assertEquals(await(transaction.readStamped(first)).map(_.event), Seq(UserRenamed("b")))
      assertEquals(await(transaction.readLines(first)), Seq("""user.Renamed {"name":"b"}"""))
      assertEquals((transaction.journal, transaction.exists, transaction.isOpen), ("/user/1", true, true))
    }
  }

  test("events are added all or none, and committed all at once") {
    withUsers { db =>
      val transaction = await(db.openTransaction("/user/1"))
      intercept[UnknownEventTypeException](transaction.addAll(Seq(UserRenamed("a"), UserNotKnown("it"))))
      transaction.add(UserLocked).addAll(Seq(UserRenamed("b"))).addLines(Seq("""user.Renamed {"name":"c"}"""))
      assertEquals(await(transaction.commit()).orThrow.eventCount, 3)
      assertEquals(await(db.read("/user/1")), Seq(UserLocked, UserRenamed("b"), UserRenamed("c")))
    }
  }

  test("what is behind its end is told: at once by what adds, by the future of what reads or commits") {
    withUsers { db =>
      val transaction = await(db.openTransaction("/user/1"))
      transaction.add(UserLocked).rollback()
      intercept[TransactionEndedException](transaction.add(UserLocked))
      intercept[TransactionEndedException](await(transaction.read()))
      intercept[TransactionEndedException](await(transaction.commit()))
      transaction.rollback()
      assertEquals((transaction.isOpen, await(db.journalExists("/user/1"))), (false, false))
    }
  }

  test("types of one family conflict, others do not") {
    withClient(UserEvent.serializer.family[UserEvent.OfNames]("user.OfNames")) { db =>
      val seq = Seq.fill(3)(await(db.openTransaction("/user/1")))
      await(seq(0).add(UserRenamed("a")).commit()).orThrow
      await(seq(1).add(UserLocked).commit()).orThrow
      val third = await(seq(2).add(UserCreated("b")).declare("user.OfNames").commit())
      assertEquals(Some(third).collect { case Conflict(_, types) => types }, Some(Seq("user.Created", "user.OfNames")))
    }
  }

  test("one on a new journal conflicts with whoever creates it") {
    withUsers { db =>
      val one = await(db.openTransactionOnNewJournal("/user/1"))
      val two = await(db.openTransactionOnNewJournal("/user/1"))
      await(one.add(UserCreated("a")).commit()).orThrow
      assert(await(two.add(UserRenamed("b")).commit()).isInstanceOf[Conflict[_]])
    }
  }
}
