/** The command line is wrong. */
final class UsageException extends RuntimeException {
    UsageException(String message) {
        super(message);
    }
}
