package io.everstore.scaladsl.contract

/** How many the servers of the scenarios have: one of the two numbers for each version of Scala, which share all of their code. */
object Workers {
  val Count = 5
}
