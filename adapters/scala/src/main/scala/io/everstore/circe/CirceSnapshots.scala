package io.everstore.circe

import io.circe.{Decoder, Encoder, parser}
import io.everstore.repository.{DirectorySnapshots, Snapshots, StateCodec}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.Path

/** Snapshots of states that circe knows. */
object CirceSnapshots {

  /**
   * In files, one for each journal, replaced atomically, with a checksum; several processes may share the directory.
   *
   * @param directory made when it is missing
   * @param version of the fold and of the state, on one line; snapshots of another one are not used
   */
  def directory[S: Encoder: Decoder](directory: Path, version: String): Snapshots[S] =
    new DirectorySnapshots(directory, codec[S], version)

  private def codec[S](implicit encoder: Encoder[S], decoder: Decoder[S]): StateCodec[S] = new StateCodec[S] {
    override def encode(state: S): Array[Byte] = encoder(state).noSpaces.getBytes(UTF_8)

    override def decode(bytes: Array[Byte]): S = parser.decode(new String(bytes, UTF_8)).fold(error => throw error, identity)
  }
}
