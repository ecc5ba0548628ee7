package io.everstore.scaladsl

import io.everstore.client.{AppendOptions => JavaOptions}
import scala.jdk.CollectionConverters._

/** When an append happens; when not, it is a [[Conflict]]. */
sealed trait AppendCondition

object AppendCondition {

  /** Whatever the journal holds. */
  case object Always extends AppendCondition

  /** If the journal does not exist yet. */
  case object NewJournal extends AppendCondition

  /**
   * If no event has come of a type that it depends on since the journal had this size. What the server does not remember counts
   * as come: it knows what was declared while a journal is in use, and for ten seconds more.
   *
   * @param size a size of the journal in bytes, as results and transactions tell it
   * @param dependsOn these types, in place of those that it declares. Two appends that depend on one type and declare others do
   *     not conflict with each other
   */
  final case class After(size: Long, dependsOn: Option[Seq[String]] = None) extends AppendCondition {

    /** The same, depending on these types in place of those that it declares. */
    def dependingOn(types: String*): After = copy(dependsOn = Some(types))
  }

  private[scaladsl] def toJava(condition: AppendCondition, declares: Option[Seq[String]]): JavaOptions = {
    val options = condition match {
      case Always => JavaOptions.NONE
      case NewJournal => JavaOptions.newJournal()
      case After(size, None) => JavaOptions.after(size)
      case After(size, Some(types)) => JavaOptions.after(size).dependingOn(types.asJavaCollection)
    }
    declares.fold(options)(types => options.declaring(types.asJavaCollection))
  }
}
