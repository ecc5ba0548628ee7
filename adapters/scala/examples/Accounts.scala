package io.everstore.examples

import io.circe.Codec
import io.circe.generic.semiauto.deriveCodec
import io.everstore.circe.{CirceSerializer, CirceSnapshots}
import io.everstore.scaladsl._
import java.nio.file.Paths
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future}

sealed trait AccountCommand
final case class Deposit(amount: BigDecimal) extends AccountCommand
final case class Withdraw(amount: BigDecimal) extends AccountCommand
case object Close extends AccountCommand

sealed trait AccountEvent
final case class Deposited(amount: BigDecimal) extends AccountEvent
final case class Withdrawn(amount: BigDecimal) extends AccountEvent
case object Closed extends AccountEvent

object AccountEvent {
  implicit val deposited: Codec[Deposited] = deriveCodec
  implicit val withdrawn: Codec[Withdrawn] = deriveCodec

  val serializer: CirceSerializer[AccountEvent] = CirceSerializer
    .of[AccountEvent]
    .event[Deposited]("account.Deposited")
    .event[Withdrawn]("account.Withdrawn")
    .constant("account.Closed", Closed)
}

final case class Account(balance: BigDecimal, isClosed: Boolean)

object Account {
  implicit val codec: Codec[Account] = deriveCodec
}

object AccountEntity extends PersistentEntity[AccountCommand, AccountEvent, Account, String] {
  override def initial: Account = Account(0, isClosed = false)

  override def processEvent(account: Account, event: AccountEvent): Account = event match {
    case Deposited(amount) => account.copy(balance = account.balance + amount)
    case Withdrawn(amount) => account.copy(balance = account.balance - amount)
    case Closed => account.copy(isClosed = true)
  }

  override def receiveCommand(account: Account, command: AccountCommand): Either[String, Seq[AccountEvent]] = command match {
    case _ if account.isClosed => Left("the account is closed")
    case Deposit(amount) => Right(Seq(Deposited(amount)))
    case Withdraw(amount) if amount > account.balance => Left(s"${account.balance} is all there is")
    case Withdraw(amount) => Right(Seq(Withdrawn(amount)))
    case Close if account.balance != 0 => Left(s"${account.balance} is left")
    case Close => Right(Seq(Closed))
  }
}

/** Accounts whose commands are many at once, and whose states are kept on disk. Arguments: the server's URL, a directory. */
object Accounts {
  private val SnapshotEvery = 10

  def main(arguments: Array[String]): Unit = {
    val client = Await.result(EverstoreClient.connect(arguments(0), AccountEvent.serializer), 30.seconds)
    val accounts = Entities(client, AccountEntity)
      .withSnapshots(CirceSnapshots.directory[Account](Paths.get(arguments(1)), version = "1"), SnapshotEvery)
    try Await.result(use(accounts), 30.seconds).foreach(println)
    finally client.close()
  }

  /** Of thirty withdrawals at once as many succeed as there is money for. */
  private def use(accounts: Entities[AccountCommand, AccountEvent, Account, String]): Future[Seq[String]] = for {
    _ <- accounts.send("/account/1", Deposit(20))
    outcomes <- Future.traverse((1 to 30).toVector)(_ => accounts.send("/account/1", Withdraw(1), attempts = 1000))
    refused = outcomes.collect { case Refused(reason, _) => reason }
    _ <- accounts.send("/account/1", Close)
    account <- accounts.state("/account/1")
  } yield Seq(s"${outcomes.size - refused.size} withdrawn, ${refused.size} refused: ${refused.distinct.mkString(", ")}", s"$account")
}
