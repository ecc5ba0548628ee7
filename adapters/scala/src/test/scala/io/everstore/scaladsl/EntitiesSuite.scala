package io.everstore.scaladsl

import io.everstore.scaladsl.Account._
import io.everstore.scaladsl.stage.StageSuite
import java.util.concurrent.atomic.AtomicInteger
import scala.concurrent.Future

class EntitiesSuite extends StageSuite {
  private val journal = "/account/1"

  private def withAccounts[A](test: EverstoreClient[Account.Event] => A): A = withClient(Account.serializer)(test)

  /** The account, but that something happens before each command, of which it counts. */
  private class Disturbed(disturb: Int => Unit) extends PersistentEntity[Command, Account.Event, Int, String] {
    private val calls = new AtomicInteger

    override def initial: Int = AccountEntity.initial

    override def processEvent(balance: Int, event: Account.Event): Int = AccountEntity.processEvent(balance, event)

    override def receiveCommand(balance: Int, command: Command): Either[String, Seq[Account.Event]] = {
      disturb(calls.incrementAndGet())
      AccountEntity.receiveCommand(balance, command)
    }
  }

  test("commands come to events, and events to the state") {
    withAccounts { db =>
      val accounts = Entities(db, AccountEntity)
      assertEquals(await(accounts.state(journal)), 0)
      assertEquals(await(accounts.send(journal, Deposit(5))), Accepted(5, Seq(Deposited(5)), await(db.openTransaction(journal)).size))
      await(accounts.send(journal, Withdraw(2))) match {
        case Accepted(balance, events, _) => assertEquals((balance, events), (3, Seq[Account.Event](Withdrawn(2))))
        case other => fail(s"it was $other")
      }
      assertEquals(await(accounts.state(journal)), 3)
      assertEquals(await(db.read(journal)), Seq(Deposited(5), Withdrawn(2)))
    }
  }

  test("one that is refused, or comes to nothing, writes nothing") {
    withAccounts { db =>
      val accounts = Entities(db, AccountEntity)
      assertEquals(await(accounts.send(journal, Withdraw(1))), Refused("0 is less than 1", 0))
      assertEquals(await(accounts.send(journal, Look)), Accepted(0, Nil, 0))
      assertEquals(await(db.journalExists(journal)), false)
    }
  }

  test("when another commit comes between, it is decided again in the new state: here, refused") {
    withAccounts { db =>
      val other = Entities(db, AccountEntity)
      await(other.send(journal, Deposit(5)))
      val accounts = Entities(db, new Disturbed(call => if (call == 1) await(other.send(journal, Withdraw(4)))))
      assertEquals(await(accounts.send(journal, Withdraw(3))), Refused("1 is less than 3", 1))
    }
  }

  test("commands of other event types conflict, too") {
    withAccounts { db =>
      val other = Entities(db, AccountEntity)
      await(other.send(journal, Deposit(5)))
      val accounts = Entities(db, new Disturbed(call => if (call == 1) await(other.send(journal, Deposit(10)))))
      assertEquals(await(accounts.send(journal, Withdraw(5))).asInstanceOf[Accepted[_, Int]].state, 10)
    }
  }

  test("but not of an entity that says so") {
    withAccounts { db =>
      val other = Entities(db, AccountEntity)
      await(other.send(journal, Deposit(5)))
      val accounts = Entities(
        db,
        new Disturbed(call => if (call == 1) await(other.send(journal, Deposit(10)))) {
          override def declares: Seq[String] = Nil
        }
      )
      assertEquals(await(accounts.send(journal, Withdraw(5))).asInstanceOf[Accepted[_, Int]].state, 0)
      assertEquals(await(accounts.state(journal)), 10)
    }
  }

  test("when others are faster each time, that is the outcome") {
    withAccounts { db =>
      val other = Entities(db, AccountEntity)
      val accounts = Entities(db, new Disturbed(_ => await(other.send(journal, Deposit(1)))))
      assert(await(accounts.send(journal, Deposit(100), attempts = 2)).isInstanceOf[Contended[_]])
      assertEquals(await(accounts.state(journal)), 2)
    }
  }

  test("what many send at once comes to what each of them would") {
    withAccounts { db =>
      val accounts = Entities(db, AccountEntity)
      val outcomes = await(Future.traverse((1 to 40).toVector)(_ => accounts.send(journal, Deposit(1), attempts = 1000)))
      assert(outcomes.forall(_.isInstanceOf[Accepted[_, _]]), outcomes)
      assertEquals(outcomes.map(_.asInstanceOf[Accepted[_, Int]].state).sorted, (1 to 40).toVector)
      assertEquals(await(accounts.state(journal)), 40)
    }
  }

  test("commands are received on the threads that are given") {
    val threads = new NamedThreads("commands", 1)
    try
      withAccounts { db =>
        @volatile var name = ""
        val accounts = Entities(db, new Disturbed(_ => name = Thread.currentThread.getName))
        await(accounts.send(journal, Look)(threads.executor))
        assertEquals(name, "commands")
      }
    finally threads.close()
  }

  test("what an entity throws is the future's error") {
    withAccounts { db =>
      val error = new IllegalStateException("on purpose")
      val accounts = Entities(db, new Disturbed(_ => throw error))
      assertEquals(intercept[IllegalStateException](await(accounts.send(journal, Look))), error)
    }
  }
}
