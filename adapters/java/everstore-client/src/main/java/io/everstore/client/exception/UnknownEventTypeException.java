package io.everstore.client.exception;

/** A serializer has no class for an event's type, or no type for an object's class. */
public class UnknownEventTypeException extends EverstoreException {
    private final String type;

    public UnknownEventTypeException(String message, String type) {
        super(message);
        this.type = type;
    }

    /** The type, or the name of the class, that is not known. */
    public String type() {
        return type;
    }
}
