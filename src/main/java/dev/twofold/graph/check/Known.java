package dev.twofold.graph.check;

import com.google.protobuf.Message;
import java.util.function.Consumer;

/** A check passes over what it does not understand, so there may be nothing of the kind. */
final class Known {

    private Known() {}

    /** Reports fields that our description of the format does not have. */
    static void require(Message message, String place, Consumer<String> problems) {
        if (!message.getUnknownFields().asMap().isEmpty()) {
            problems.accept(place + " has unknown fields "
                    + message.getUnknownFields().asMap().keySet());
        }
    }
}
