package io.everstore.scaladsl

import io.circe.Codec
import io.circe.generic.semiauto.deriveCodec
import io.everstore.circe.CirceSerializer

/** Commands and events for tests. */
object Account {
  sealed trait Command
  final case class Deposit(amount: Int) extends Command
  final case class Withdraw(amount: Int) extends Command
  case object Look extends Command

  sealed trait Event
  final case class Deposited(amount: Int) extends Event
  final case class Withdrawn(amount: Int) extends Event

  private implicit val deposited: Codec[Deposited] = deriveCodec
  private implicit val withdrawn: Codec[Withdrawn] = deriveCodec

  val serializer: CirceSerializer[Event] =
    CirceSerializer.of[Event].event[Deposited]("account.Deposited").event[Withdrawn]("account.Withdrawn")
}

/** An entity for tests. */
object AccountEntity extends PersistentEntity[Account.Command, Account.Event, Int, String] {
  import Account._

  override def initial: Int = 0

  override def processEvent(balance: Int, event: Event): Int = event match {
    case Deposited(amount) => balance + amount
    case Withdrawn(amount) => balance - amount
  }

  override def receiveCommand(balance: Int, command: Command): Either[String, Seq[Event]] = command match {
    case Deposit(amount) => Right(Seq(Deposited(amount)))
    case Withdraw(amount) if amount > balance => Left(s"$balance is less than $amount")
    case Withdraw(amount) => Right(Seq(Withdrawn(amount)))
    case Look => Right(Nil)
  }
}
