package io.everstore.client.exception;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorCodeTest {
    @ParameterizedTest
    @CsvSource({
        "2, AuthenticationFailed",
        "3, NoSuchWorker",
        "4, TransactionExpired",
        "5, CannotRead",
        "6, NoSuchTransaction",
        "8, InvalidJournalName",
        "13, NotAcceptable",
        "14, TooLarge",
        "15, CannotWrite",
        "16, NotAllowed",
        "17, NoSuchPosition",
        "18, NoLane",
    })
    void eachCodeHasItsException(int code, String name) {
        ServerException error = ErrorCode.exception(code);
        assertEquals(name + "Exception", error.getClass().getSimpleName());
        assertEquals(code, error.code());
        assertTrue(error.getMessage().contains("code " + code), error::getMessage);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 7, 9, 99})
    void anyOtherIsUnknownAndSaysWhich(int code) {
        ServerException error = ErrorCode.exception(code);
        assertEquals(UnknownErrorException.class, error.getClass());
        assertEquals(code, error.code());
    }
}
