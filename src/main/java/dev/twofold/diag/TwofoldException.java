package dev.twofold.diag;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A failure that is not a bug of ours: it says where, what was found, what was expected and what to try.
 *
 * <p>Built in the order a reader wants it:
 *
 * <pre>{@code
 * throw TwofoldException.input("wrong shape").at(origin).found(actual).expected(wanted).hint("download it again");
 * }</pre>
 */
public final class TwofoldException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Who has to act. */
    public enum Kind {
        /** The command line or the plan asks for something that cannot be. */
        USAGE,
        /** A file that was read is not what it should be. */
        INPUT,
        /** The machine lacks something: disk, a permission, a provider. */
        ENVIRONMENT
    }

    private final Kind kind;
    private final String what;
    private final String where;
    private final List<String> details;

    private TwofoldException(Kind kind, String what, String where, List<String> details, @Nullable Throwable cause) {
        super(what, cause);
        this.kind = kind;
        this.what = Printable.part(what);
        this.where = Printable.part(where);
        this.details = List.copyOf(details);
    }

    public static TwofoldException usage(String what) {
        return new TwofoldException(Kind.USAGE, what, "", List.of(), null);
    }

    public static TwofoldException input(String what) {
        return new TwofoldException(Kind.INPUT, what, "", List.of(), null);
    }

    public static TwofoldException environment(String what) {
        return new TwofoldException(Kind.ENVIRONMENT, what, "", List.of(), null);
    }

    public TwofoldException at(Origin origin) {
        return at(origin.describe());
    }

    public TwofoldException at(String place) {
        return new TwofoldException(kind, what, place, details, getCause());
    }

    public TwofoldException found(Object actual) {
        return detail("found", actual instanceof IOException failure ? reason(failure) : actual);
    }

    /** What the system says of a file, without Java's names for it. */
    private static String reason(IOException failure) {
        if (!(failure instanceof FileSystemException of)) {
            return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        }
        String reason;
        if (failure instanceof NoSuchFileException) {
            reason = "no such file or directory";
        } else if (failure instanceof AccessDeniedException) {
            reason = "permission denied";
        } else if (failure instanceof FileAlreadyExistsException) {
            reason = "it exists already";
        } else {
            reason = of.getReason() == null ? "the system gives no reason" : of.getReason();
        }
        return of.getFile() + ": " + reason;
    }

    public TwofoldException expected(Object wanted) {
        return detail("expected", wanted);
    }

    /** What the user can try; not called {@code try} because Java keeps that word. */
    public TwofoldException hint(String advice) {
        return detail("try", advice);
    }

    public TwofoldException cause(Throwable cause) {
        return new TwofoldException(kind, what, where, details, cause);
    }

    /** The same failure under another kind, when the context knows better who has to act. */
    public TwofoldException as(Kind other) {
        return new TwofoldException(other, what, where, details, getCause());
    }

    /** The same failure with one more labelled line, such as the pass it happened in. */
    public TwofoldException detail(String label, Object value) {
        List<String> more = new ArrayList<>(details);
        more.add(String.format("  %-9s %s", label + ":", Printable.part(String.valueOf(value))));
        return new TwofoldException(kind, what, where, more, getCause());
    }

    public Kind kind() {
        return kind;
    }

    /** The whole message: one line that says where and what, then one indented line for each detail. */
    @Override
    public String getMessage() {
        StringBuilder text = new StringBuilder();
        if (!where.isEmpty()) {
            text.append(where).append(": ");
        }
        text.append(what);
        details.forEach(line -> text.append('\n').append(line));
        return text.toString();
    }
}
