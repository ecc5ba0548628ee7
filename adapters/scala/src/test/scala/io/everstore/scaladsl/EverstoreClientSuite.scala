package io.everstore.scaladsl

import io.circe.parser
import io.everstore.client.{ClientConfig, ReadOptions}
import io.everstore.client.exception._
import io.everstore.scaladsl.AppendCondition._
import io.everstore.scaladsl.stage.StageSuite
import java.time.Instant
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import scala.concurrent.{Await, Future, Promise}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._

class EverstoreClientSuite extends StageSuite {
  private def withUsers[A](test: EverstoreClient[UserEvent] => A): A = withClient(UserEvent.serializer)(test)

  test("events are read as they were appended, with the times of their commits when asked for") {
    withUsers { db =>
      val began = Instant.now().minusSeconds(1)
      val events = Seq(UserCreated("pa@example.com"), UserRenamed("Pär"), UserLocked)
      val first = await(db.append("/user/1", events.head)).orThrow
      await(db.appendAll("/user/1", events.tail)).orThrow
      assertEquals(await(db.read("/user/1")), events)
      assertEquals(await(db.read("/user/1", first.size)), events.tail)
      val stamped = await(db.readStamped("/user/1"))
      assertEquals(stamped.map(_.event), events)
      assert(stamped.forall(each => each.timestamp.isAfter(began) && each.timestamp.isBefore(Instant.now().plusSeconds(1))))
      assertEquals(await(db.withSerializer(Event.serializer).read("/user/1", first.size)).map(_.eventType), Seq("user.Renamed", "user.Locked"))
    }
  }

  test("a conflict is a result, which tells what came") {
    withUsers { db =>
      val seen = await(db.append("/user/1", UserRenamed("a"))).size
      await(db.append("/user/1", UserRenamed("b"))).orThrow
      val result = await(db.append("/user/1", UserRenamed("c"), After(seen)))
      result match {
        case Committed(_, _, _) => fail("it was written")
        case Conflict(journal, types) => assertEquals((journal, types), ("/user/1", Seq("user.Renamed")))
      }
      result match {
        case conflict: Conflict[UserEvent] =>
          assertEquals(conflict.events, Some(Seq(UserRenamed("b"))))
          assertEquals(conflict.until, Some(conflict.size))
        case Committed(_, _, _) => fail("it was written")
      }
      assert(intercept[ConflictException](result.orThrow).conflict.journal == "/user/1")
      assertEquals(await(db.read("/user/1")).size, 2)
    }
  }

  test("appends depend on types, and declare types, of their own") {
    withUsers { db =>
      val seen = await(db.append("/user/1", UserCreated("a"), NewJournal)).orThrow.size
      assert(await(db.append("/user/1", UserCreated("b"), NewJournal)).isInstanceOf[Conflict[_]])
      await(db.append("/user/1", UserRenamed("b"), declares = Some(Seq("mark")))).orThrow
      await(db.append("/user/1", UserLocked, After(seen))).orThrow
      await(db.append("/user/1", UserRenamed("c"), After(seen))).orThrow
      assert(await(db.append("/user/1", UserLocked, After(seen).dependingOn("mark"))).isInstanceOf[Conflict[_]])
      assertEquals(await(db.read("/user/1")).size, 4)
    }
  }

  test("what is wanted of a journal is read, and nothing else") {
    withUsers { db =>
      await(db.appendAll("/user/1", Seq(UserCreated("a"), UserRenamed("b"), UserRenamed("c"), UserLocked))).orThrow
      val renamed = ReadOptions.ALL.ofTypes("user.Renamed")
      assertEquals(await(db.read("/user/1", renamed)), Seq(UserRenamed("b"), UserRenamed("c")))
      assertEquals(await(db.readStamped("/user/1", renamed.last(1))).map(_.event), Seq(UserRenamed("c")))
      assertEquals(await(db.readLines("/user/1", ReadOptions.ALL.newestFirst().last(1))).map(_.takeWhile(_ != ' ')), Seq("user.Locked"))
    }
  }

  test("a journal is read page by page, the next one when the one before is done with") {
    withUsers { db =>
      val events = (1 to 100).map(number => UserRenamed(number.toString))
      val size = await(db.appendAll("/user/1", events)).orThrow.size
      val done = Promise[Unit]()
      val pages = new ConcurrentLinkedQueue[Page[UserEvent]]
      val read = db.readPages("/user/1", ReadOptions.ALL.inPagesOf(1000)) { page =>
        pages.add(page)
        done.future
      }
      assertEquals(await(db.read("/user/1")), events)
      assert(pages.size <= 1)
      done.success(())
      assertEquals(await(read), size)
      assert(pages.size > 1)
      assertEquals(pages.asScala.toSeq.flatMap(_.events), events)
      assertEquals(pages.asScala.toSeq.last.end, size)
      val error = new IllegalStateException("on purpose")
      assertEquals(intercept[IllegalStateException](await(db.readPages("/user/1")(_ => throw error))), error)
    }
  }

  test("what cannot be is a future that fails, and never thrown") {
    withUsers { db =>
      intercept[InvalidJournalNameException](await(db.openTransaction("no/name")))
      intercept[NotAcceptableException](await(db.appendLines("/user/1", Seq("no-line"))))
      intercept[NotAcceptableException](await(db.append("/user/1", UserLocked, declares = Some(Seq("a b")))))
      intercept[UnknownEventTypeException](await(db.append("/user/1", UserNotKnown("it"))))
      intercept[IllegalArgumentException](await(db.append("/user/1", UserLocked, After(-1))))
      intercept[IllegalArgumentException](await(db.read("/user/1", since = -1)))
      intercept[IllegalArgumentException](await(db.readPages("/user/1", ReadOptions.ALL.last(1))(_ => Future.unit)))
      intercept[IllegalArgumentException](await(db.run("/user/1", attempts = 0)(_ => Future.unit)))
      intercept[NoSuchWorkerException](await(db.workerStatus(9)))
      assertEquals(await(db.journalExists("/user/1")), false)
    }
  }

  test("connecting fails with what is wrong") {
    val port = stage.start(workers = 1)
    intercept[BadUrlException](await(EverstoreClient.connect("http://localhost")))
    intercept[AuthenticationFailedException](await(EverstoreClient.connect(config(port).withUser("admin", "wrong"))))
    intercept[AuthenticationFailedException](await(EverstoreClient.connect(s"everstore://admin:no@127.0.0.1:$port", UserEvent.serializer)))
  }

  test("a URL is enough") {
    val db = await(EverstoreClient.connect(s"everstore://127.0.0.1:${stage.start(workers = 1)}"))
    await(db.append("/plain", Event("plain.Noted", "[1]"))).orThrow
    assertEquals(await(db.read("/plain")), Seq(Event("plain.Noted", "[1]")))
    assertEquals(await(db.journals("/p")), Seq("/plain"))
    assertEquals(await(db.status()).isEmpty, false)
    assert(parser.parse(await(db.workerStatus(1))).isRight)
    db.close()
    intercept[ConnectionLostException](await(db.read("/plain")))
  }

  test("work is done again on a conflict, of what the journal then holds") {
    withUsers { db =>
      val calls = new AtomicInteger
      val result = await(db.run("/user/1") { transaction =>
        for {
          seen <- transaction.read()
          _ <- if (calls.incrementAndGet() == 1) db.append("/user/1", UserRenamed("other")) else Future.unit
        } yield transaction.add(UserRenamed(s"after ${seen.size}"))
      })
      assertEquals(result.orThrow.eventCount, 1)
      assertEquals(await(db.read("/user/1")), Seq(UserRenamed("other"), UserRenamed("after 1")))
    }
  }

  test("when each attempt met a conflict, the last one is the result") {
    withUsers { db =>
      val calls = new AtomicInteger
      val result = await(db.run("/user/1", attempts = 3) { transaction =>
        transaction.add(UserRenamed("mine"))
        calls.incrementAndGet()
        db.append("/user/1", UserRenamed("other"))
      })
      assert(result.isInstanceOf[Conflict[_]], result)
      assertEquals(calls.get, 3)
    }
  }

  test("work that fails, or throws, writes nothing, and its error is the future's") {
    withUsers { db =>
      val error = new IllegalStateException("on purpose")
      assertEquals(intercept[IllegalStateException](await(db.run("/user/1") { transaction =>
        transaction.add(UserLocked)
        Future.failed(error)
      })), error)
      assertEquals(intercept[IllegalStateException](await(db.run("/user/1")(_ => throw error))), error)
      assertEquals(await(db.journalExists("/user/1")), false)
    }
  }

  test("work runs on the threads that it is given, which may wait there") {
    val jobs = 8
    val threads = new NamedThreads("work", jobs)
    try
      withUsers { db =>
        val names = Future.traverse((1 to jobs).toVector) { job =>
          @volatile var name = ""
          val result = db.run(s"/user/$job") { transaction =>
            name = Thread.currentThread.getName
            Future.successful(transaction.addAll(Await.result(transaction.read(), 30.seconds) :+ UserLocked))
          }(threads.executor)
          result.map(_ => name)
        }
        assertEquals(await(names).toSet, Set("work"))
      }
    finally threads.close()
  }

  test("futures may complete on the I/O thread: what follows them runs where it is told to, and may wait") {
    val config = ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(stage.start(workers = 1)).withExecutor(_.run())
    val db = await(EverstoreClient.connect(config, UserEvent.serializer))
    try {
      val chain = (1 to 100).foldLeft(Future.successful(0)) { (so, _) =>
        so.map(sum => sum + Await.result(db.append("/user/1", UserLocked), 30.seconds).orThrow.eventCount)
      }
      assertEquals(await(chain), 100)
    } finally db.close()
  }
}
