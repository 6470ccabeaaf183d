"""What S3 does with a request without a signature that came in through an endpoint.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.http import Response

from .policies import allowed

# Queries that ask for something else than the object.
QUERIES = {
    "acl": "s3:GetObjectAcl",
    "attributes": "s3:GetObjectAttributes",
    "legal-hold": "s3:GetObjectLegalHold",
    "retention": "s3:GetObjectRetention",
    "tagging": "s3:GetObjectTagging",
    "torrent": "s3:GetObjectTorrent",
    "uploadId": "s3:ListMultipartUploadParts",
    "versionId": "s3:GetObjectVersion",
}
# Members of GetObject's answer, and the headers they are.
KEPT = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentDisposition": "Content-Disposition",
    "ETag": "ETag",
}


class Stopped(Exception):
    """S3's refusal: status, code, hop and why."""


def serve(facts, front, endpoint, source: str) -> Response:
    """Answers a GET or HEAD of an object from LocalStack's own S3."""
    bucket, key = addressed(facts.host, facts.path)
    try:
        return _read(bucket, key, facts, front, endpoint, source)
    except Stopped as stopped:
        status, code, hop, why = stopped.args
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{why}</Message></Error>'
        response = Response(body, status=status, mimetype="application/xml")
        response.headers.update({"x-hybridgw-hop": hop, "x-hybridgw-why": why})
        return response


def addressed(host: str, path: str) -> tuple[str, str]:
    """Bucket and key. In S3's own names the bucket stands first; any other host is a bucket's name."""
    key = path.removeprefix("/")
    if not host.endswith(".amazonaws.com"):
        return host, key
    if host.startswith(("s3.", "vpce-", "bucket.vpce-")):
        bucket, _, key = key.partition("/")
        return bucket, key
    for own in (".s3.", ".bucket.vpce-"):
        if own in host:
            return host[: host.index(own)], key
    return host, key


def _read(bucket: str, key: str, facts, front, endpoint, source: str) -> Response:
    _anonymous(facts)
    if facts.method not in ("GET", "HEAD"):
        raise Stopped(405, "MethodNotAllowed", "method", f"anonymous {facts.method} is not served here")
    s3 = connect_to(aws_access_key_id=front.account, region_name=front.region).s3
    _in_region(s3, bucket, front.region)
    policy = _policy(s3, bucket)
    known = {"aws:SourceVpce": endpoint.id, "aws:SourceVpc": endpoint.vpc_id, "aws:VpcSourceIp": source}
    own = f"arn:aws:s3:::{bucket}"
    action = next((QUERIES[name] for name, _ in facts.query if name in QUERIES), "s3:GetObject")
    action, resource = (action, f"{own}/{key}") if key else ("s3:ListBucket", own)
    for document, hop, whose in (
        (endpoint.policy_document, "policy", f"the policy of {endpoint.id}"),
        (policy, "bucket-policy", f"the policy of the bucket {bucket}"),
    ):
        if not allowed(document, action, resource, known):
            raise Stopped(403, "AccessDenied", hop, f"{whose} does not admit {action} on {resource}")
    if not key or action != "s3:GetObject":
        raise Stopped(501, "NotImplemented", "object", f"{action} is admitted, but only objects are served here")
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        lists = allowed(policy, "s3:ListBucket", own, known)
        code = error.response["Error"]["Code"]
        why = f"the bucket {bucket} has no object {key}: {code}"
        raise Stopped(*((404, "NoSuchKey") if lists else (403, "AccessDenied")), "object", why) from None
    headers = {header: found[member] for member, header in KEPT.items() if found.get(member)}
    return Response(b"" if facts.method == "HEAD" else found["Body"].read(), status=200, headers=headers)


def _anonymous(facts) -> None:
    """What S3 takes only with a signature; the code for the header is observed."""
    if "authorization" in facts.headers:
        raise Stopped(400, "InvalidArgument", "object", "Unsupported Authorization Type")
    if any(name.startswith("response-") for name, _ in facts.query):
        why = "Request specific response headers cannot be used for anonymous GET requests."
        raise Stopped(400, "InvalidRequest", "object", why)


def _in_region(s3, bucket: str, region: str) -> None:
    try:
        found = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    except ClientError:
        raise Stopped(404, "NoSuchBucket", "mapping", f"there is no bucket {bucket}") from None
    if found != region:
        raise Stopped(301, "PermanentRedirect", "mapping", f"the bucket {bucket} is in {found}, not in {region}")


def _policy(s3, bucket: str) -> str | None:
    try:
        return s3.get_bucket_policy(Bucket=bucket)["Policy"]
    except ClientError:
        return None
