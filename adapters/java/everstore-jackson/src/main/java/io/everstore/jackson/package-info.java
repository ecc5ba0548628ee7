/** Events as classes, by Jackson: {@link io.everstore.jackson.JacksonSerializer}. */
package io.everstore.jackson;
