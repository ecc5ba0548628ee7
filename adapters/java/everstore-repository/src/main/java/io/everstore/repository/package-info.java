/** States folded from journals: {@link io.everstore.repository.Repository}, and where their snapshots are kept. */
package io.everstore.repository;
