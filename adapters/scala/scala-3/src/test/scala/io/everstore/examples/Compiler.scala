package io.everstore.examples

import dotty.tools.dotc

/** The compiler of this version of Scala. */
object Compiler {
  val version = "3"

  /** Whether it compiled without an error. */
  def compile(arguments: Seq[String]): Boolean = !dotc.Main.process(arguments.toArray).hasErrors
}
