"""Rows of the route table: recalls."""

from commerce.recalls.errors import RecallUnknown
from node.api import paging, recalls
from node.api.routing import Route

RECALLS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/recalls",
        "The recalls that are open now, or those of an item or lot",
        {200: recalls.RECALLS_MODEL},
        read=recalls.read_recalls,
        parameters=(recalls.OF_GTIN, recalls.OF_THING),
    ),
    Route(
        "GET",
        "/v1/recalls/{id}",
        "A recall, open or closed",
        {200: recalls.RECALL_MODEL},
        read=recalls.read_recall,
        parameters=(recalls.RECALL_ID,),
        problems=(RecallUnknown,),
    ),
    Route(
        "GET",
        "/v1/recalls/{id}/marks",
        "The marks of a recall, as they were found",
        {200: recalls.MARKS_MODEL},
        read=recalls.read_marks,
        parameters=(recalls.RECALL_ID, paging.CURSOR, paging.LIMIT),
        problems=(RecallUnknown,),
    ),
    Route(
        "GET",
        "/v1/recalls/{id}/products",
        "The products that a recall has reached",
        {200: recalls.REACHED_MODEL},
        read=recalls.read_reached,
        parameters=(recalls.RECALL_ID, paging.CURSOR, paging.LIMIT),
        problems=(RecallUnknown,),
    ),
    Route(
        "GET",
        "/v1/recalls/{id}/notices",
        "Who got, or may have got, goods of a recall",
        {200: recalls.NOTICES_MODEL},
        read=recalls.read_notices,
        parameters=(recalls.RECALL_ID, recalls.CERTAINTY, paging.CURSOR, paging.LIMIT),
        problems=(RecallUnknown,),
    ),
)
