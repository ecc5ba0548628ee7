package io.everstore.examples

import java.io.ByteArrayOutputStream
import java.nio.charset.StandardCharsets.UTF_8

/** What a program prints, on the thread that runs it. */
object Output {
  def of(program: => Unit): Seq[String] = {
    val printed = new ByteArrayOutputStream
    Console.withOut(printed)(program)
    printed.toString(UTF_8.name).split("\n").toVector
  }
}
