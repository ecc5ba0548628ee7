package io.everstore.scaladsl

import io.everstore.circe.CirceSnapshots
import io.everstore.scaladsl.Account.{Deposited, Withdrawn}
import io.everstore.scaladsl.stage.StageSuite
import java.nio.file.{Files, Path}
import java.util.concurrent.atomic.AtomicInteger
import scala.jdk.CollectionConverters._

class RepositorySuite extends StageSuite {
  private val journal = "/account/1"
  private val folder = FunFixture[Path](
    _ => Files.createTempDirectory("everstore-snapshots"),
    folder => {
      files(folder).foreach(Files.delete)
      Files.delete(folder)
    }
  )

  private def files(folder: Path): Seq[Path] = Files.list(folder).iterator.asScala.toVector

  private def withAccounts[A](test: EverstoreClient[Account.Event] => A): A = withClient(Account.serializer)(test)

  /** Counts what it folds. */
  private class Counting(db: EverstoreClient[Account.Event]) {
    val folded = new AtomicInteger
    val balances: Repository[Int, Account.Event] = Repository(db, 0) { (balance: Int, event: Account.Event) =>
      folded.incrementAndGet()
      AccountEntity.processEvent(balance, event)
    }
  }

  test("a state is its journal, folded; what is decided on it is written, and decided again on a conflict") {
    withAccounts { db =>
      val balances = new Counting(db).balances
      val calls = new AtomicInteger
      await(db.append(journal, Deposited(5))).orThrow
      val written = await(balances.update(journal) { balance =>
        if (calls.incrementAndGet() == 1) await(db.append(journal, Withdrawn(1)))
        Seq(Withdrawn(balance))
      })
      assertEquals(written.orThrow.eventCount, 1)
      assertEquals(await(db.read(journal)), Seq(Deposited(5), Withdrawn(1), Withdrawn(4)))
      assertEquals(await(balances.get(journal)), 0)
    }
  }

  test("a transaction's state is what it sees") {
    withAccounts { db =>
      await(db.append(journal, Deposited(5))).orThrow
      val transaction = await(db.openTransaction(journal))
      await(db.append(journal, Deposited(5))).orThrow
      assertEquals(await(new Counting(db).balances.state(transaction)), 5)
    }
  }

  folder.test("snapshots on disk outlive the program; only what is newer is folded") { folder =>
    withAccounts { db =>
      def counting: (AtomicInteger, Repository[Int, Account.Event]) = {
        val counting = new Counting(db)
        (counting.folded, counting.balances.withSnapshots(CirceSnapshots.directory[Int](folder, "1")).withSnapshotEvery(3))
      }
      await(db.appendAll(journal, Seq.fill(3)(Deposited(1)))).orThrow
      assertEquals(await(counting._2.get(journal)), 3)
      assertEquals(files(folder).size, 1)
      await(db.append(journal, Deposited(1))).orThrow
      val (folded, balances) = counting
      assertEquals((await(balances.get(journal)), folded.get), (4, 1))
    }
  }

  folder.test("a snapshot that is torn, or of another version, or no state, is not used") { folder =>
    withAccounts { db =>
      await(db.appendAll(journal, Seq.fill(3)(Deposited(1)))).orThrow
      def get(version: String): (Int, Int) = {
        val counting = new Counting(db)
        val balances = counting.balances.withSnapshots(CirceSnapshots.directory[Int](folder, version)).withSnapshotEvery(3)
        (await(balances.get(journal)), counting.folded.get)
      }
      assertEquals(get("1"), (3, 3))
      assertEquals(get("1"), (3, 0))
      assertEquals(get("2"), (3, 3))
      val file = files(folder).head
      Files.write(file, Files.readAllBytes(file).dropRight(1))
      assertEquals(get("2"), (3, 3))
      await(Repository(db, List.empty[Int])((all: List[Int], _: Account.Event) => 1 :: all)
        .withSnapshots(CirceSnapshots.directory[List[Int]](folder, "3")).withSnapshotEvery(1).get(journal))
      assertEquals(get("3"), (3, 3))
    }
  }

  folder.test("entities keep their states there, too") { folder =>
    withAccounts { db =>
      def accounts = Entities(db, AccountEntity).withSnapshots(CirceSnapshots.directory[Int](folder, "1"), every = 1)
      await(accounts.send(journal, Account.Deposit(5)))
      assertEquals(await(accounts.state(journal)), 5)
      assertEquals(files(folder).size, 1)
      assertEquals(await(accounts.state(journal)), 5)
    }
  }
}
