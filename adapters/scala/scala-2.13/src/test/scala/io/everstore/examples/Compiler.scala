package io.everstore.examples

import scala.tools.nsc

/** The compiler of this version of Scala. */
object Compiler {
  val version = "2.13"

  /** Whether it compiled without an error. */
  def compile(arguments: Seq[String]): Boolean = nsc.Main.process(arguments.toArray)
}
