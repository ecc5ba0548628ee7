package io.everstore.scaladsl.stage

import io.everstore.client.ClientConfig
import io.everstore.scaladsl.{Event, EverstoreClient, Serializer}
import munit.FunSuite
import scala.concurrent.duration._
import scala.concurrent.{Await, ExecutionContext, Future}

/** Tests that have a stage to themselves. */
abstract class StageSuite extends FunSuite {
  protected implicit val executor: ExecutionContext = ExecutionContext.global

  private val opened = new Fixture[Stage]("stage") {
    private var stage: Stage = _

    override def apply(): Stage = stage

    override def beforeAll(): Unit = stage = new Stage

    override def afterAll(): Unit = stage.close()
  }

  override def munitFixtures: Seq[munit.AnyFixture[_]] = List(opened)

  override def munitTimeout: Duration = StageSuite.Patience

  protected def stage: Stage = opened()

  protected def await[A](future: Future[A]): A = Await.result(future, StageSuite.Patience)

  protected def config(port: Int): ClientConfig = ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(port)

  /** A client of a new server, which is closed behind the test. */
  protected def withClient[E, A](serializer: Serializer[E], workers: Int = 1)(test: EverstoreClient[E] => A): A = {
    val client = await(EverstoreClient.connect(config(stage.start(workers)), serializer))
    try test(client)
    finally client.close()
  }

  protected def withPlainClient[A](test: EverstoreClient[Event] => A): A = withClient(Event.serializer)(test)
}

object StageSuite {

  /** More than a client's own, so that it is the client that gives up. */
  private val Patience = 90.seconds
}
